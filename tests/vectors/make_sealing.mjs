// Makes derivation.json, tokens.json and keys.json: node tests/vectors/make_sealing.mjs NAME > tests/vectors/NAME.json
import {
  T, derived, dummies, hex, hkdf, hmac, lane, random, recordTokens, reference, scope, sealBox, stretch, token, unhex, wrap,
} from "./sealing.mjs";

// ---------------------------------------------------------------- derivation: T, HKDF, HMAC, sections, boxes

function derivation() {
  const vectors = [];
  const add = (id, kind, expect, fields) => vectors.push({ id, kind, expect, ...fields });

  // Parts are written by their type: {"text"}, {"bytes"} in hex or {"number"}.
  const part = (value) => (Buffer.isBuffer(value) ? { bytes: hex(value) } : { [typeof value === "number" ? "number" : "text"]: value });
  const encoding = (id, ...parts) => add(id, "T", "accept", { parts: parts.map(part), encoded: hex(T(...parts)) });
  encoding("no-parts");
  encoding("one-empty-part", "");
  encoding("two-empty-parts", "", "");
  encoding("text-in-utf-8", "hoso/wrap/1", "Nguyễn Văn Ấn");
  encoding("bytes", "record", Buffer.from([0, 1, 255]));
  encoding("numbers-as-decimal-text", "x", 0, 7, 4294967296);
  encoding("a-part-that-looks-like-two", "\u0000\u0000\u0000\u0001a");
  encoding("a-part-of-255", "a".repeat(255));
  encoding("a-part-of-256", "a".repeat(256));
  encoding("a-part-of-1000", "a".repeat(1000));
  add("parts-joined", "T", "reject", { parts: [part("ab"), part("c")], encoded: hex(T("abc")) });
  add("border-moved", "T", "reject", { parts: [part("ab"), part("c")], encoded: hex(T("a", "bc")) });
  add("empty-part-dropped", "T", "reject", { parts: [part("a"), part("")], encoded: hex(T("a")) });
  add("parts-in-another-order", "T", "reject", { parts: [part("a"), part("b")], encoded: hex(T("b", "a")) });

  const key = random("key");
  const derive = (id, expect, fields, okm) => add(id, "derive", expect, { ...fields, okm: hex(okm) });
  const rfc = { key: "0b".repeat(22), salt: "000102030405060708090a0b0c", info: "f0f1f2f3f4f5f6f7f8f9" };
  derive("rfc-5869-test-case-1", "accept", rfc, unhex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"));
  derive("rfc-5869-test-case-3-no-salt", "accept", { key: "0b".repeat(22), salt: null, info: "" }, unhex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"));
  const info = T("hoso/section/1", "dossier", random("record", 16), "shared", 1);
  const salted = { key: hex(key), salt: hex(random("salt")), info: hex(info) };
  derive("key-and-commitment", "accept", salted, hkdf(key, random("salt"), info, 64));
  derive("no-salt", "accept", { ...salted, salt: null }, hkdf(key, "", info, 32));
  derive("salt-left-out", "reject", salted, hkdf(key, "", info, 64));
  derive("info-of-another-use", "reject", salted, hkdf(key, random("salt"), T("hoso/header/1"), 64));
  derive("key-of-another-person", "reject", salted, hkdf(random("another key"), random("salt"), info, 64));

  add("mac", "mac", "accept", { key: hex(key), message: hex(info), mac: hex(hmac(key, info)) });
  add("mac-of-another-key", "mac", "reject", { key: hex(key), message: hex(info), mac: hex(hmac(random("another key"), info)) });

  const aad = T("hoso/wrap/1", "SK", random("person", 16));
  const plaintext = Buffer.from("Hồ sơ mẫu");
  const right = { key: hex(key), info: hex(info), aad: hex(aad), plaintext: hex(plaintext) };
  for (const kind of ["box", "section"]) {
    const split = (box) => (kind === "box" ? { sealed: hex(box) } : { commitment: hex(box.subarray(0, 32)), sealed: hex(box.subarray(32)) });
    const sealing = (id, expect, box, fields = {}) => add(`${kind}-${id}`, kind, expect, { ...right, ...fields, ...split(box) });
    const box = sealBox(key, info, aad, plaintext, kind);
    sealing("of-a-text", "accept", box);
    sealing("of-nothing", "accept", sealBox(key, info, aad, Buffer.alloc(0), `${kind} empty`), { plaintext: "" });
    sealing("of-a-kibibyte", "accept", sealBox(key, info, aad, random("text", 1024), `${kind} long`), { plaintext: hex(random("text", 1024)) });
    sealing("under-another-key", "reject", box, { key: hex(random("another key")) });
    sealing("for-another-use", "reject", box, { info: hex(T("hoso/header/1")) });
    sealing("for-another-place", "reject", box, { aad: hex(T("hoso/wrap/1", "SK", random("another person", 16))) });
    sealing("commitment-of-another-key", "reject", Buffer.concat([sealBox(random("another key"), info, aad, plaintext, kind).subarray(0, 32), box.subarray(32)]));
    for (const [what, offset] of [["commitment", 0], ["salt", 32], ["nonce", 64], ["ciphertext", 76], ["tag", box.length - 1]]) {
      const changed = Buffer.from(box);
      changed[offset] ^= 128;
      sealing(`${what}-bit-flipped`, "reject", changed);
    }
    sealing("truncated", "reject", box.subarray(0, -1));
    sealing("truncated-to-less-than-its-frame", "reject", box.subarray(0, 91));
    sealing("byte-added", "reject", Buffer.concat([box, Buffer.alloc(1)]));
    sealing("empty", "reject", Buffer.alloc(0));
  }

  const kek = random("KEK");
  const wrapped = (id, expect, { kind = "SK", owner = random("person", 16), domain = "H41", epoch = 2, by = kek } = {}) => add(id, "wrapped", expect, {
    kek: hex(kek), domain: "H41", epoch: 2, key_kind: "SK", reference: hex(random("person", 16)), key: hex(random("SK")),
    wrapped: hex(wrap(by, "KEK", domain, epoch, [kind, owner], random("SK"), id)),
  });
  wrapped("subject-key", "accept");
  wrapped("subject-key-of-another-person", "reject", { owner: random("another person", 16) });
  wrapped("dossier-key-given-as-subject-key", "reject", { kind: "DK" });
  wrapped("subject-key-of-another-domain", "reject", { domain: "H40" });
  wrapped("subject-key-of-another-epoch", "reject", { epoch: 1 });
  wrapped("subject-key-under-another-kek", "reject", { by: random("another KEK") });
  return vectors;
}

// ---------------------------------------------------------------- references and search tokens

function tokens() {
  const of = { idx: random("IDX"), domain: "H41", epoch: 3 };
  const ref = random("REF");
  const keys = { ref: hex(ref), idx: hex(of.idx), domain: of.domain, epoch: of.epoch };
  const vectors = [];
  const add = (id, kind, expect, fields) => vectors.push({ id, kind, expect, ...fields });
  const person = reference(ref, "subject", "citizen_id", "040187000123");
  const record = reference(ref, "record", "dossier", "H41.14-261123-0001");

  const refer = (id, parts, value = reference(ref, ...parts), expect = "accept") => add(id, "reference", expect, { parts, value: hex(value) });
  refer("record-of-a-dossier", ["record", "dossier", "H41.14-261123-0001"]);
  refer("record-of-a-paper", ["record", "paper", "G-7"]);
  refer("subject-by-citizen-id", ["subject", "citizen_id", "040187000123"]);
  refer("subject-by-old-id", ["subject", "old_id", "187000123"]);
  refer("subject-by-passport", ["subject", "passport", "C1234567"]);
  refer("newborn", ["role", "dossier", "H41.14-261123-0001", "child", 0]);
  refer("second-newborn", ["role", "dossier", "H41.14-261123-0001", "child", 1]);
  refer("content-digest", ["content", '{"code":"H41.14-261123-0001","version":1}']);
  refer("record-id-of-another-collection", ["record", "paper", "G-7"], reference(ref, "record", "dossier", "G-7"), "reject");
  refer("reference-of-another-domain", ["subject", "citizen_id", "040187000123"], reference(random("REF of H40"), "subject", "citizen_id", "040187000123"), "reject");
  refer("reference-of-another-id-type", ["subject", "old_id", "187000123"], reference(ref, "subject", "passport", "187000123"), "reject");
  refer("reference-of-another-ordinal", ["role", "dossier", "H41.14-261123-0001", "child", 0], reference(ref, "role", "dossier", "H41.14-261123-0001", "child", 1), "reject");

  const scoped = (id, value, expect = "accept") => add(id, "scope", expect, { agency: "H41.14", value: hex(value) });
  scoped("scope", scope(of.idx, "H41", 3, "H41.14"));
  scoped("scope-of-another-agency", scope(of.idx, "H41", 3, "H41.1"), "reject");
  scoped("scope-of-another-domain", scope(of.idx, "H40", 3, "H41.14"), "reject");
  scoped("scope-of-another-epoch", scope(of.idx, "H41", 2, "H41.14"), "reject");

  // Parts that are bytes are written in hex behind "0x".
  const written = (parts) => parts.map((part) => (Buffer.isBuffer(part) ? `0x${hex(part)}` : part));
  const query = (id, kind, lanes, parts, { expect = "accept", as = parts, ...change } = {}) => add(id, "query", expect, {
    token_kind: kind, lanes, parts: written(parts),
    tokens: Array.from({ length: lanes }, (_, i) => hex(token({ ...of, ...change }, change.kind ?? kind, i + (change.lane ?? 0), as, change.normalForm))),
  });
  query("name-and-year", "name_year", 1, ["nguyen van an", "1987"]);
  query("name-in-32-lanes", "name", 32, ["nguyen van an"]);
  query("subject-in-32-lanes", "subject", 32, [person]);
  query("phone-in-16-lanes", "phone", 16, ["+84912345678"]);
  query("document-kind-and-number", "document_kind_number", 1, ["KQ.G15.000031", "12/2026"]);
  query("three-parts", "id_tail", 1, ["0123", "an", "1987"]);
  const year = ["nguyen van an", "1987"];
  query("token-of-another-domain", "name_year", 1, year, { expect: "reject", domain: "H40" });
  query("token-of-another-epoch", "name_year", 1, year, { expect: "reject", epoch: 2 });
  query("token-of-another-kind", "name_year", 1, year, { expect: "reject", kind: "name_day" });
  query("token-of-another-normal-form", "name_year", 1, year, { expect: "reject", normalForm: 2 });
  query("token-of-another-lane", "name_year", 1, year, { expect: "reject", lane: 1 });
  query("token-under-another-key", "name_year", 1, year, { expect: "reject", idx: random("another IDX") });
  query("token-of-joined-parts", "name_year", 1, year, { expect: "reject", as: ["nguyen van an1987"] });
  query("token-of-parts-in-another-order", "name_year", 1, year, { expect: "reject", as: ["1987", "nguyen van an"] });
  query("token-kind-unknown", "surname", 1, ["nguyen"], { expect: "reject" });

  const laneKey = derived(of.idx, "hoso/lane/1", of.domain, of.epoch);
  add("dummies", "dummies", "accept", { record: hex(record), values: dummies(of, record, 32).map(hex) });
  add("dummies-of-another-record", "dummies", "reject", { record: hex(record), values: dummies(of, random("another record", 16), 32).map(hex) });
  add("dummies-of-another-epoch", "dummies", "reject", { record: hex(record), values: dummies({ ...of, epoch: 2 }, record, 32).map(hex) });

  const value = (kind, lanes, ...parts) => ({ kind, lanes, parts });
  const packed = (id, values, { expect = "accept", recordId = record, made = recordTokens(of, recordId, values) } = {}) => add(id, "record", expect, {
    record: hex(record), values: values.map(({ kind, lanes, parts }) => ({ token_kind: kind, lanes, parts: written(parts) })), packed: made,
  });
  const dossier = [
    value("dossier_code", 1, "H41.14-261123-0001"), value("subject", 32, person), value("name", 32, "nguyen van an"),
    value("name_year", 1, "nguyen van an", "1987"), value("phone", 16, "+84912345678"), value("phone_tail", 1, "345678", "an"),
    value("id_tail", 1, "0123", "an", "1987"), value("document_number", 16, "12/2026"),
  ];
  packed("record-of-one-person", dossier);
  packed("record-that-says-a-value-twice", [...dossier, ...dossier.slice(2)]);
  packed("record-without-values", []);
  const some = (count) => Array.from({ length: count }, (_, i) => value("name_year", 1, `nguyen van an ${i}`, "1987"));
  packed("record-of-32-tokens", some(32));
  packed("record-of-33-tokens", some(33));
  packed("record-of-200-tokens", some(200));
  packed("record-of-256-tokens", some(256));
  packed("record-of-257-tokens", some(257), { expect: "reject", made: "" });
  packed("lanes-of-another-record", dossier, { expect: "reject", made: recordTokens(of, random("another record", 16), dossier) });
  packed("all-in-lane-0", dossier, { expect: "reject", made: recordTokens(of, record, dossier.map((one) => ({ ...one, lanes: 1 }))) });
  packed("a-token-dropped", dossier, { expect: "reject", made: recordTokens(of, record, dossier.slice(1)) });
  packed("record-with-an-unknown-kind", [value("surname", 1, "nguyen")], { expect: "reject" });

  const lanes = [];
  for (let i = 0; i < 40; i += 1) lanes.push(lane(of, random(`record ${i}`, 16), "name", ["nguyen van an"], 32));
  add("lanes-of-40-records", "lanes", "accept", { token_kind: "name", parts: ["nguyen van an"], records: lanes.map((_, i) => hex(random(`record ${i}`, 16))), lanes });
  add("lane-from-the-last-four-bytes", "lanes", "reject", {
    token_kind: "name", parts: ["nguyen van an"], records: [hex(record)],
    lanes: [hmac(laneKey, T("lane", record, "name", "nguyen van an")).readUInt32BE(28) % 32],
  });
  return { keys, vectors };
}

// ---------------------------------------------------------------- the key file

function keyFiles() {
  const installation = hex(random("installation", 16));
  const passphrase = "đường làng có hàng tre";
  const cheap = { kind: "scrypt", n: 1024, r: 8, p: 1, salt: hex(random("scrypt", 16)) };
  const root = random("root");
  const keyOf = (purpose, domain, epoch) => random(`${purpose} ${domain} ${epoch}`);
  const row = (purpose, domain, epoch, more = {}) => ({
    purpose, domain, epoch, state: more.state ?? "active", created_at: "2026-11-23T08:00:00+00:00",
    wrapped: more.state === "destroyed" ? null : hex(wrap(more.by ?? root, ...(more.as ?? [purpose, domain, epoch]), [more.installation ?? installation], keyOf(purpose, domain, epoch), `${purpose} ${domain} ${epoch}`)),
  });
  const epoch = (domain, number, more) => ["KEK", "IDX", "HDR"].map((purpose) => row(purpose, domain, number, more));
  const rows = [
    ...["CAT", "TMP", "AUD", "LOG", "RCP", "TOK"].map((purpose) => row(purpose, "-", 0)),
    row("REF", "H41", 0), ...epoch("H41", 1, { state: "destroyed" }), ...epoch("H41", 2, { state: "retiring" }), ...epoch("H41", 3),
    row("REF", "H41CA", 0), ...epoch("H41CA", 1),
  ];
  const sealedRoot = (protection, of = installation, plain = root) =>
    hex(sealBox(stretch(passphrase, protection), T("hoso/root/1", of), T("hoso/root/1", of), plain, "root"));
  const file = (change = {}) => ({ format: "hoso-keys/1", installation, protection: cheap, root: sealedRoot(cheap), keys: rows, ...change });
  const plain = (change = {}) => file({ protection: { kind: "none" }, root: hex(root), ...change });
  const swapped = (at, change) => rows.map((one, index) => (index === at ? { ...one, ...change } : one));
  const opened = {
    installation,
    installation_keys: Object.fromEntries(rows.slice(0, 6).map(({ purpose }) => [purpose, hex(keyOf(purpose, "-", 0))])),
    domains: Object.fromEntries([["H41", [3, 2]], ["H41CA", [1]]].map(([domain, numbers]) => [domain, {
      ref: hex(keyOf("REF", domain, 0)),
      epochs: numbers.map((number) => ({ epoch: number, ...Object.fromEntries(["KEK", "IDX", "HDR"].map((purpose) => [purpose.toLowerCase(), hex(keyOf(purpose, domain, number))])) })),
    }])),
  };

  const vectors = [];
  // Where a file has the usual rows, "@rows" stands for them.
  const text = (given) => (typeof given === "string" ? given : JSON.stringify(given).replace(JSON.stringify(rows), '"@rows"'));
  const accept = (id, given, phrase = passphrase) => vectors.push({ id, expect: "accept", passphrase: phrase, file: text(given) });
  const reject = (id, given, phrase = passphrase) => vectors.push({ id, expect: "reject", passphrase: phrase, file: text(given) });
  const usual = { ...cheap, n: 65536 };
  accept("plain", plain(), null);
  accept("passphrase", file({ protection: usual, root: sealedRoot(usual) }));
  accept("passphrase-typed-in-nfd", file(), passphrase.normalize("NFD"));
  accept("rows-in-another-order", file({ keys: rows.toReversed() }));

  reject("another-passphrase", file(), `${passphrase}!`);
  reject("passphrase-without-its-marks", file(), "duong lang co hang tre");
  reject("no-passphrase-given", file(), null);
  reject("root-bit-flipped", file({ root: sealedRoot(cheap).replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) }));
  reject("root-of-another-installation", file({ root: sealedRoot(cheap, hex(random("another installation", 16))) }));
  reject("installation-renamed", plain({ installation: hex(random("another installation", 16)) }), null);
  reject("plain-root-of-another-file", plain({ root: hex(random("another root")) }), null);
  reject("plain-root-too-short", plain({ root: hex(root.subarray(0, 16)) }), null);
  reject("fewer-passes-of-scrypt", file({ protection: { ...cheap, n: 512 } }));
  reject("more-memory-than-there-is", file({ protection: { ...cheap, n: 2 ** 50 } }));
  reject("scrypt-cost-impossible", file({ protection: { ...cheap, n: 1000 } }));
  reject("scrypt-cost-missing", file({ protection: { kind: "scrypt", salt: cheap.salt } }));
  reject("protection-unknown", file({ protection: { kind: "tpm" } }));
  reject("format-newer", file({ format: "hoso-keys/2" }));
  reject("key-moved-to-another-purpose", file({ keys: swapped(0, { wrapped: rows[1].wrapped }) }));
  reject("key-moved-to-another-domain", file({ keys: swapped(6, { wrapped: rows.find((one) => one.domain === "H41CA").wrapped }) }));
  reject("key-moved-to-another-epoch", file({ keys: swapped(13, { wrapped: rows[10].wrapped }) }));
  reject("epoch-renamed", file({ keys: rows.map((one) => (one.epoch === 3 ? { ...one, epoch: 4 } : one)) }));
  reject("key-under-another-root", file({ keys: [...rows.slice(0, -1), row("HDR", "H41CA", 1, { by: random("another root") })] }));
  reject("key-of-another-installation", file({ keys: [...rows.slice(0, -1), row("HDR", "H41CA", 1, { installation: hex(random("another installation", 16)) })] }));
  reject("wrapped-bit-flipped", file({ keys: swapped(2, { wrapped: rows[2].wrapped.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) }) }));
  reject("wrapped-not-hex", file({ keys: swapped(2, { wrapped: "zz" }) }));
  reject("wrapped-missing", file({ keys: swapped(2, { wrapped: null }) }));
  reject("installation-key-missing", file({ keys: rows.slice(1) }));
  reject("reference-key-missing", file({ keys: rows.filter((one) => one.purpose !== "REF") }));
  reject("key-of-an-epoch-missing", file({ keys: rows.slice(0, -1) }));
  reject("all-epochs-missing", file({ keys: rows.filter((one) => one.epoch === 0) }));
  reject("row-without-a-state", file({ keys: rows.map(({ state: _, ...rest }) => rest) }));
  reject("keys-not-a-list", file({ keys: 7 }));
  reject("installation-not-an-id", file({ installation: 7 }));
  reject("truncated", text(file()).slice(0, -40));
  reject("empty", "");
  reject("not-an-object", "[]");
  return { opened, rows, vectors };
}

const made = { derivation: () => ({ vectors: derivation() }), tokens, keys: keyFiles }[process.argv[2]]();
console.log(JSON.stringify({ made_by: "tests/vectors/make_sealing.mjs", ...made }, null, 1));
