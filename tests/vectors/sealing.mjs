// docs/formats.md, sections 1 to 4, written a second time: only node's crypto and zlib, nothing of the code under test.
// Random bytes are made from labels, so that the vectors come out the same each time.
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, scryptSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateRawSync, inflateRawSync } from "node:zlib";

export const DICTIONARY = readFileSync(new URL("../../security/envelope_dictionary.txt", import.meta.url));
export const hex = (bytes) => Buffer.from(bytes).toString("hex");
export const unhex = (text) => Buffer.from(text, "hex");
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

export function random(label, size = 32) {
  const blocks = [];
  for (let i = 0; i * 32 < size; i += 1) blocks.push(sha256(`hoso test vector: ${label} ${i}`));
  return Buffer.concat(blocks).subarray(0, size);
}

export const uint = (value, size) => unhex(BigInt(value).toString(16).padStart(size * 2, "0"));
export const zeros = (bytes, size) => Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
const raw = (part) => (Buffer.isBuffer(part) ? part : Buffer.from(String(part)));
export const T = (...parts) => Buffer.concat(parts.flatMap((part) => [uint(raw(part).length, 4), raw(part)]));
export const hmac = (key, message) => createHmac("sha256", key).update(message).digest();
export const hkdf = (key, salt, info, size) => Buffer.from(hkdfSync("sha256", key, salt, info, size));

// ---------------------------------------------------------------- section 1

export function sealSection(key, info, aad, plaintext, label) {
  const [salt, nonce] = [random(`${label}, salt`), random(`${label}, nonce`, 12)];
  const okm = hkdf(key, salt, info, 64);
  const cipher = createCipheriv("aes-256-gcm", okm.subarray(0, 32), nonce).setAAD(aad);
  const sealed = Buffer.concat([salt, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return { commitment: okm.subarray(32), sealed };
}

export function openSection(key, info, aad, commitment, sealed) {
  const okm = hkdf(key, sealed.subarray(0, 32), info, 64);
  if (!okm.subarray(32).equals(commitment)) throw new Error("commitment");
  const decipher = createDecipheriv("aes-256-gcm", okm.subarray(0, 32), sealed.subarray(32, 44)).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(44, -16)), decipher.final()]);
}

export function sealBox(key, info, aad, plaintext, label) {
  const { commitment, sealed } = sealSection(key, info, aad, plaintext, label);
  return Buffer.concat([commitment, sealed]);
}

export const openBox = (key, info, aad, box) => openSection(key, info, aad, box.subarray(0, 32), box.subarray(32));

// ---------------------------------------------------------------- section 2

export const wrap = (key, purpose, domain, epoch, owner, wrapped, label) =>
  sealBox(key, T("hoso/wrap/1", purpose, domain, epoch), T("hoso/wrap/1", ...owner), wrapped, label);

export const stretch = (passphrase, { salt, n, r, p }) =>
  scryptSync(passphrase.normalize("NFC"), unhex(salt), 32, { N: n, r, p, maxmem: 256 * n * r });

// ---------------------------------------------------------------- section 3

export const reference = (ref, ...parts) => hmac(ref, T(...parts)).subarray(0, 16);
export const derived = (idx, label, ...parts) => hkdf(idx, "", T(label, ...parts), 32);
export const scope = (idx, domain, epoch, agency) =>
  hmac(derived(idx, "hoso/scope/1", domain, epoch), T("scope", agency)).subarray(0, 16);
export const token = ({ idx, domain, epoch }, kind, lane, parts, normalForm = 1) =>
  hmac(derived(idx, "hoso/token/1", domain, epoch, kind, normalForm), T(lane, ...parts)).subarray(0, 8);
const laneKey = ({ idx, domain, epoch }) => derived(idx, "hoso/lane/1", domain, epoch);
export const lane = (of, recordId, kind, parts, lanes) =>
  lanes === 1 ? 0 : hmac(laneKey(of), T("lane", recordId, kind, ...parts)).readUInt32BE(0) % lanes;

export function dummies(of, recordId, many) {
  const made = [];
  for (let block = 0; made.length < many; block += 1) {
    const four = hmac(laneKey(of), T("dummy", recordId, block));
    for (let i = 0; i < 32; i += 8) made.push(four.subarray(i, i + 8));
  }
  return made.slice(0, many);
}

export function recordTokens(of, recordId, values) {
  const distinct = new Set(values.map(({ kind, lanes, parts }) => hex(token(of, kind, lane(of, recordId, kind, parts, lanes), parts))));
  const size = [32, 64, 128, 256].find((one) => distinct.size <= one);
  for (const dummy of dummies(of, recordId, 256)) if (distinct.size < size) distinct.add(hex(dummy));
  return [...distinct].sort().join("");
}

// ---------------------------------------------------------------- section 4

const HEADER_START = 31;
const KINDS = { shared: 1, person: 2 };
const name = ({ kind, reference: ref }) => (kind === "shared" ? "shared" : `person:${ref}`);

function sectionInputs(place, section, schema) {
  const common = ["hoso/section/1", place.collection, unhex(place.record_id), name(section)];
  return [T(...common, schema), T(...common, place.domain, place.epoch, schema, place.counter)];
}

function headerInputs(place, slots, schema) {
  const info = ["hoso/header/1", place.collection, unhex(place.record_id)];
  return [T(...info), T(...info, place.domain, place.epoch, schema, place.counter, slots)];
}

export function pack(plaintext, compressed) {
  const data = compressed
    ? deflateRawSync(plaintext, { dictionary: DICTIONARY, windowBits: 12, level: 9 })
    : Buffer.from(plaintext);
  const packed = Buffer.concat([Buffer.from([compressed ? 1 : 0]), uint(data.length, 4), data]);
  return zeros(packed, Math.ceil(packed.length / 64) * 64);
}

function sizeClass(bytes) {
  for (let size = 1024; ; size *= 2) {
    if (bytes <= size) return size;
    if (bytes <= size * 1.5) return size * 1.5;
  }
}

// `place` {collection, record_id, domain, epoch, counter}; `sections` [{kind, reference, key, plaintext, compressed}].
// A section may say what to do otherwise than the format: `place`, `as` (another section's name), `schema`, `packed`,
// `commitment`, `slotKind`. `wrong` does the same for the header: `schema`, `slots`, `count`, `agency`, `agencyLength`.
export function sealEnvelope(place, headerKey, header, sections, label, wrong = {}) {
  const slots = wrong.slots ?? [4, 8, 16].find((size) => sections.length <= size);
  const sealed = sections.map((section, index) => {
    const [info, aad] = sectionInputs(section.place ?? place, section.as ?? section, section.schema ?? 1);
    const content = section.packed ?? pack(section.plaintext, section.compressed);
    return sealSection(unhex(section.key), info, aad, content, `${label}, section ${index}`);
  });
  const agency = wrong.agency ?? Buffer.from(header.agency);
  const plain = Buffer.concat([
    uint(header.source_version, 8), unhex(header.content_digest), uint(wrong.agencyLength ?? agency.length, 1), zeros(agency, 31),
    uint(wrong.count ?? sections.length, 1),
    ...sections.map((section, index) => Buffer.concat([
      uint(section.slotKind ?? KINDS[section.kind], 1), unhex(section.reference), uint(sealed[index].sealed.length, 4),
      section.commitment ?? sealed[index].commitment,
    ])),
  ]);
  const [info, aad] = headerInputs(place, slots, wrong.schema ?? 1);
  const box = sealBox(headerKey, info, aad, zeros(plain, 57 + 53 * slots), `${label}, header`);
  const whole = Buffer.concat([
    uint(1, 1), uint(1, 1), zeros(Buffer.from(place.domain), 16), uint(place.epoch, 4), uint(place.counter, 8), uint(slots, 1),
    box, ...sealed.map((one) => one.sealed),
  ]);
  const padding = random(`${label}, padding`, sizeClass(whole.length) - whole.length);
  return { envelope: Buffer.concat([whole, padding]), ends: HEADER_START + box.length, length: whole.length, sealed };
}

export function openEnvelope({ collection, record_id, header_key, keys, envelope }) {
  if (envelope[0] !== 1 || envelope[1] !== 1) throw new Error("version");
  const domain = envelope.subarray(2, 18).toString("ascii").replace(/\0+$/, "");
  const place = { collection, record_id, domain, epoch: envelope.readUInt32BE(18), counter: envelope.readBigUInt64BE(22) };
  const slots = envelope[30];
  const end = HEADER_START + 92 + 57 + 53 * slots;
  const plain = openBox(unhex(header_key), ...headerInputs(place, slots, 1), envelope.subarray(HEADER_START, end));
  const sections = [];
  let start = end;
  for (let index = 0; index < plain[56]; index += 1) {
    const slot = plain.subarray(57 + 53 * index, 110 + 53 * index);
    const section = { kind: slot[0] === 1 ? "shared" : "person", reference: hex(slot.subarray(1, 17)) };
    const length = slot.readUInt32BE(17);
    const sealed = envelope.subarray(start, start + length);
    start += length;
    if (!(section.reference in keys)) continue;
    const packed = openSection(unhex(keys[section.reference]), ...sectionInputs(place, section, 1), slot.subarray(21), sealed);
    const data = packed.subarray(5, 5 + packed.readUInt32BE(1));
    const text = packed[0] ? inflateRawSync(data, { dictionary: DICTIONARY, windowBits: 12 }) : data;
    sections.push({ ...section, plaintext: text.toString() });
  }
  return {
    ...place, counter: Number(place.counter), source_version: Number(plain.readBigUInt64BE(0)),
    content_digest: hex(plain.subarray(8, 24)), agency: plain.subarray(25, 25 + plain[24]).toString("ascii"), sections,
  };
}
