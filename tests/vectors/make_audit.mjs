// Makes audit.json: node tests/vectors/make_audit.mjs > tests/vectors/audit.json
// Independent of Hoso's code: node's crypto, and the recursive definitions of RFC 9162, section 2.1, as they stand there.
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";

const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
const hex = (bytes) => bytes.toString("hex");
const leafHash = (entry) => sha256([0], entry);
const nodeHash = (left, right) => sha256([1], left, right);

const half = (n) => { let k = 1; while (k * 2 < n) k *= 2; return k; };
function mth(leaves) {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0];
  const k = half(leaves.length);
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}
function path(m, leaves) {
  if (leaves.length === 1) return [];
  const k = half(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}
function subproof(m, leaves, known) {
  const n = leaves.length;
  if (m === n) return known ? [] : [mth(leaves)];
  const k = half(n);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), known), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).filter((name) => value[name] !== null).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
};

const ref = (text) => hex(sha256(Buffer.from(text))).slice(0, 32);
const lp = (part) => { const length = Buffer.alloc(4); length.writeUInt32BE(part.length); return Buffer.concat([length, part]); };
const T = (...parts) => Buffer.concat(parts.map((part) => lp(Buffer.from(part))));

const installation = "0123456789abcdef0123456789abcdef";
const origin = `hoso/${installation}`;
// PKCS #8 of an Ed25519 seed (RFC 8410): a fixed prefix, then the 32 bytes.
const keyOf = (seed) => createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
const publicOf = (key) => createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
const seed = sha256(Buffer.from("hoso test vector: LOG"));
const otherSeed = sha256(Buffer.from("hoso test vector: another LOG"));

function note(size, root, { by = seed, keyIdOf = by, name = origin } = {}) {
  const body = `${name}\n${size}\n${root.toString("base64")}\n`;
  const keyId = sha256(Buffer.from(`${name}\n`), [1], publicOf(keyOf(keyIdOf))).subarray(0, 4);
  const signature = sign(null, Buffer.from(body), keyOf(by));
  return `${body}\n\u2014 ${name} ${Buffer.concat([keyId, signature]).toString("base64")}\n`;
}

// ---------------------------------------------------------------- entries

const batch = [["a", "1"], ["b", "2"], ["c", "3"]].map(([id, envelope]) => [Buffer.from(ref(id), "hex"), sha256(Buffer.from(envelope))]);
const batchLeaves = batch.map(([id, digest]) => leafHash(T("hoso/ingest/1", id, digest)));
const common = { agency: null, basis: null, case: null, reason: null, records: [], opened: 0, subjects: [], fields: [], batch: null };
const facts = [
  { ...common, actor: "officer-1", client: "hoso", role: "officer", agency: "H41.14", action: "records.search", purpose: "dossier_processing", basis: "statutory_task", case: ref("case"), outcome: "allowed", records: [ref("r1"), ref("r2")], opened: 3, subjects: [ref("s1"), ref("s2")], fields: ["basic", "contact"], trace: "0af7651916cd43dd8448eb211c80319c" },
  { ...common, actor: "officer-1", client: "hoso", role: "officer", agency: "H41.14", action: "records.open", purpose: "dossier_processing", basis: "statutory_task", case: ref("case"), reason: ref("reason"), outcome: "denied", trace: "t-2" },
  { ...common, actor: "ingester", client: "mot-cua", role: "ingester", action: "ingest", purpose: "ingest", outcome: "allowed", batch: { count: 3, root: hex(mth(batchLeaves)) }, trace: "t-3" },
  { ...common, actor: "cán bộ “một cửa”", client: "a/b\\c\"d", role: "officer", action: "prefill", purpose: "prefill", outcome: "not_found", trace: "\u0001\b\t\n\f\r\u001f\u007f\u2028<&>" },
  ...Array.from({ length: 9 }, (_, i) => ({ ...common, actor: `auditor-${i}`, client: "hoso", role: "auditor", action: "quarantine.show", purpose: "audit", outcome: "allowed", records: [ref(`q${i}`)], trace: `t-${i + 5}` })),
];
const raws = facts.map((fact, seq) => canonical({ ...fact, v: 1, seq, at: new Date(Date.UTC(2026, 10, 23, 1, 2, 3, seq * 77)).toISOString() }));
const leaves = raws.map((raw) => leafHash(Buffer.from(raw)));
const n = leaves.length;
const rootAt = (size) => mth(leaves.slice(0, size));

// ---------------------------------------------------------------- vectors

const vectors = [];
const add = (id, kind, expect, body) => vectors.push({ id, kind, expect, ...body });

facts.forEach((fact, seq) => add(`entry-${seq}`, "entry", "accept", { fields: fact, seq, at: JSON.parse(raws[seq]).at, bytes: raws[seq], leaf: hex(leaves[seq]) }));
add("ingest-batch", "batch", "accept", { records: batch.map(([id, digest]) => [hex(id), hex(digest)]), leaves: batchLeaves.map(hex), root: hex(mth(batchLeaves)) });
for (let size = 0; size <= n; size++) add(`root-of-${size}`, "root", "accept", { leaves: leaves.slice(0, size).map(hex), root: hex(rootAt(size)) });

const inclusion = (m, size) => ({ seq: m, size, leaf: hex(leaves[m]), proof: path(m, leaves.slice(0, size)).map(hex), root: hex(rootAt(size)) });
for (const size of [1, 2, 3, 7, 8, n]) for (let m = 0; m < size; m++) add(`inclusion-${m}-of-${size}`, "inclusion", "accept", inclusion(m, size));
const good = inclusion(5, n);
add("entry-changed", "inclusion", "reject", { ...good, leaf: hex(leafHash(Buffer.from(raws[5].replace("allowed", "denied")))) });
add("entry-of-another-place", "inclusion", "reject", { ...good, seq: 4 });
add("entry-beyond-the-tree", "inclusion", "reject", { ...good, seq: n });
add("wrong-root", "inclusion", "reject", { ...good, root: hex(rootAt(n - 1)) });
add("wrong-size", "inclusion", "reject", { ...good, size: n + 20 });
add("proof-too-short", "inclusion", "reject", { ...good, proof: good.proof.slice(0, -1) });
add("proof-too-long", "inclusion", "reject", { ...good, proof: [...good.proof, hex(leaves[0])] });
add("proof-reordered", "inclusion", "reject", { ...good, proof: [good.proof[1], good.proof[0], ...good.proof.slice(2)] });

const consistency = (m, size) => ({ old: m, new: size, old_root: hex(rootAt(m)), new_root: hex(rootAt(size)), proof: m === 0 ? [] : subproof(m, leaves.slice(0, size), true).map(hex) });
for (const [m, size] of [[0, 0], [0, 5], [1, 1], [1, 2], [3, 4], [4, 7], [6, 8], [7, 7], [8, n], [9, n], [n - 1, n]]) add(`consistency-${m}-to-${size}`, "consistency", "accept", consistency(m, size));
const grown = consistency(6, n);
add("older-root-changed", "consistency", "reject", { ...grown, old_root: hex(rootAt(5)) });
add("newer-root-changed", "consistency", "reject", { ...grown, new_root: hex(rootAt(n - 1)) });
add("truncated-tree", "consistency", "reject", { ...grown, old: n, new: 6, old_root: grown.new_root, new_root: grown.old_root });
add("consistency-proof-empty", "consistency", "reject", { ...grown, proof: [] });
add("consistency-proof-too-long", "consistency", "reject", { ...grown, proof: [...grown.proof, hex(leaves[0])] });
add("same-size-other-root", "consistency", "reject", { ...consistency(7, 7), new_root: hex(rootAt(6)) });

const whole = note(n, rootAt(n));
const checkpoint = (text, size = n) => ({ note: text, size, root: hex(rootAt(size)) });
add("checkpoint", "checkpoint", "accept", checkpoint(whole));
add("checkpoint-of-an-empty-log", "checkpoint", "accept", checkpoint(note(0, rootAt(0)), 0));
add("checkpoint-with-a-witness", "checkpoint", "accept", checkpoint(`${whole}\u2014 witness.example AAAAAAECAwQ=\n`));
add("signature-by-another-key", "checkpoint", "reject", checkpoint(note(n, rootAt(n), { by: otherSeed })));
add("signature-by-another-key-under-our-key-id", "checkpoint", "reject", checkpoint(note(n, rootAt(n), { by: otherSeed, keyIdOf: seed })));
add("size-changed", "checkpoint", "reject", checkpoint(whole.replace(`\n${n}\n`, `\n${n + 1}\n`)));
add("root-changed", "checkpoint", "reject", checkpoint(whole.replace(rootAt(n).toString("base64"), rootAt(3).toString("base64"))));
add("size-with-a-leading-zero", "checkpoint", "reject", checkpoint(note(`0${n}`, rootAt(n))));
add("signature-missing", "checkpoint", "reject", checkpoint(whole.slice(0, whole.indexOf("\n\n") + 2)));
add("not-a-note", "checkpoint", "reject", checkpoint("hoso"));

const log = (entries) => ({ entries, note: whole });
add("log-whole", "log", "accept", log(raws));
add("log-entry-changed", "log", "reject", log(raws.with(2, raws[2].replace("allowed", "denied"))));
add("log-entry-removed", "log", "reject", log(raws.toSpliced(4, 1)));
add("log-entries-reordered", "log", "reject", log(raws.with(7, raws[8]).with(8, raws[7])));
add("log-entry-inserted", "log", "reject", log(raws.toSpliced(6, 0, raws[6])));
add("log-truncated", "log", "reject", log(raws.slice(0, -1)));

console.log(JSON.stringify({ made_by: "tests/vectors/make_audit.mjs", installation, seed: hex(seed), public_key: hex(publicOf(keyOf(seed))), vectors }, null, 1));
