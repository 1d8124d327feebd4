// Makes envelope.json: node tests/vectors/make_envelopes.mjs > tests/vectors/envelope.json
import { hex, pack, random, sealEnvelope, sealSection, uint } from "./sealing.mjs";

const place = { collection: "dossier", record_id: hex(random("record", 16)), domain: "H41", epoch: 3, counter: 7 };
const otherRecord = hex(random("another record", 16));
const headerKey = random("HDR");
const header = { source_version: 1700000000001, content_digest: hex(random("digest", 16)), agency: "H41.14" };

const shared = (text, more = {}) => ({ kind: "shared", reference: place.record_id, key: hex(random("DK")), plaintext: text, compressed: true, ...more });
const person = (number, text, more = {}) => ({
  kind: "person", reference: hex(random(`person ${number}`, 16)), key: hex(random(`SK ${number}`)), plaintext: text, compressed: true, ...more,
});
const course = '{"code":"H41.14-261123-0001","procedure_code":"1.001193","agency":"H41.14","version":1,"status":9}';
const someone = (number, role) => `{"roles":["${role}"],"full_name":"Người Mẫu Số ${number}","born_on":"19${70 + number}-05-02"}`;

const vectors = [];
function add(id, expect, envelope, sections, { at = place, key = headerKey, without = [] } = {}) {
  vectors.push({
    id, expect, collection: at.collection, record_id: at.record_id, header_key: hex(key),
    keys: Object.fromEntries(sections.filter((_, index) => !without.includes(index)).map(({ reference, key: one }) => [reference, one])),
    ...(expect === "accept" && {
      domain: at.domain, epoch: at.epoch, counter: at.counter, ...header,
      sections: sections.map(({ kind, reference, plaintext }, index) => ({ kind, reference, plaintext: without.includes(index) ? null : plaintext })),
    }),
    envelope: envelope.toString("base64"),
  });
}

// ---------------------------------------------------------------- right ones

const family = [shared(course), person(1, someone(1, "applicant")), person(2, someone(2, "mother"))];
const many = (count, compressed) => [shared(course, { compressed }), ...Array.from({ length: count - 1 }, (_, i) => person(i, someone(i, "co_owner"), { compressed }))];
const sealed = (sections, label, wrong, at = place) => sealEnvelope(at, headerKey, header, sections, label, wrong);

add("one-section", "accept", sealed([shared(course)], "one").envelope, [shared(course)]);
add("one-section-not-compressed", "accept", sealed(many(1, false), "one plain").envelope, many(1, false));
const whole = sealed(family, "three");
add("three-sections", "accept", whole.envelope, family);
add("three-sections-not-compressed", "accept", sealed(many(3, false), "three plain").envelope, many(3, false));
add("five-sections", "accept", sealed(many(5, true), "five").envelope, many(5, true));
add("twelve-sections", "accept", sealed(many(12, true), "twelve").envelope, many(12, true));
const mixed = many(12, true).map((section, index) => ({ ...section, compressed: index % 2 === 0 }));
add("twelve-sections-some-compressed", "accept", sealed(mixed, "mixed").envelope, mixed);
const empty = [shared(""), person(1, "")];
add("empty-sections", "accept", sealed(empty.map((one) => ({ ...one, compressed: false })), "empty").envelope, empty);
add("one-person-erased", "accept", whole.envelope, family, { without: [1] });
const paper = { ...place, collection: "paper", domain: "H41CA_0123456789", epoch: 2 ** 32 - 1, counter: 2 ** 53 - 1 };
add("a-paper-at-the-limits", "accept", sealed(family, "paper", {}, paper).envelope, family, { at: paper });
// Padding is random and not authenticated: it tells nothing, so nothing depends on it.
const repadded = Buffer.from(whole.envelope);
repadded.fill(0, whole.length);
add("padding-changed", "accept", repadded, family);
add("padding-cut-off", "accept", whole.envelope.subarray(0, whole.length), family);
add("padding-added", "accept", Buffer.concat([whole.envelope, Buffer.alloc(99)]), family);

// ---------------------------------------------------------------- made for another place, whole

const reject = (id, envelope, options) => add(id, "reject", envelope, family, options);
const edited = (envelope, offset, bytes) => { const copy = Buffer.from(envelope); Buffer.from(bytes).copy(copy, offset); return copy; };
const flipped = (offset) => edited(whole.envelope, offset, [whole.envelope[offset] ^ 1]);
const elsewhere = (change) => sealed(family, "elsewhere", {}, { ...place, ...change }).envelope;

reject("made-for-another-record", elsewhere({ record_id: otherRecord }));
reject("made-for-another-collection", elsewhere({ collection: "paper" }));
// The prefix of these was rewritten to say the place that they are opened at.
const prefix = whole.envelope.subarray(0, 31);
reject("made-for-another-domain", edited(elsewhere({ domain: "H40" }), 0, prefix));
reject("made-for-another-epoch", edited(elsewhere({ epoch: 4 }), 0, prefix));
reject("made-for-another-counter", edited(elsewhere({ counter: 6 }), 0, prefix));
reject("made-for-another-schema-version", sealed(family, "schema", { schema: 2 }).envelope);
reject("sealed-under-another-header-key", whole.envelope, { key: random("HDR of another epoch") });

// ---------------------------------------------------------------- one section made for another place, header honest

const lifted = (change) => sealed(family.map((section, index) => (index === 1 ? { ...section, ...change } : section)), "lifted").envelope;
reject("section-made-for-another-record", lifted({ place: { ...place, record_id: otherRecord } }));
reject("section-made-for-another-collection", lifted({ place: { ...place, collection: "paper" } }));
reject("section-made-for-another-domain", lifted({ place: { ...place, domain: "H40" } }));
reject("section-made-for-another-epoch", lifted({ place: { ...place, epoch: 2 } }));
reject("section-made-for-another-counter", lifted({ place: { ...place, counter: 6 } }));
reject("section-made-for-another-schema-version", lifted({ schema: 2 }));
reject("made-for-another-section", lifted({ as: family[0] }));
reject("made-for-another-person", lifted({ as: family[2] }));
reject("sealed-under-another-persons-key", sealed(family.map((section, index) => (index === 1 ? { ...section, key: family[2].key } : section)), "key").envelope);
reject("commitment-of-another-key", lifted({ commitment: sealSection(random("SK 9"), Buffer.alloc(0), Buffer.alloc(0), "", "other").commitment }));
const [second, third] = whole.sealed.slice(1).map((one) => one.sealed);
const first = whole.ends + whole.sealed[0].sealed.length;
if (second.length !== third.length) throw new Error("sections to swap must be of one length");
reject("section-swapped", edited(whole.envelope, first, Buffer.concat([third, second])));

// ---------------------------------------------------------------- changed bytes

reject("version-unknown", edited(whole.envelope, 0, [2]));
reject("version-zero", edited(whole.envelope, 0, [0]));
reject("suite-unknown", edited(whole.envelope, 1, [2]));
reject("domain-bit-flipped", flipped(2));
reject("domain-not-ascii", edited(whole.envelope, 2, [0xc4]));
reject("domain-behind-zeros", flipped(17));
reject("epoch-bit-flipped", flipped(21));
reject("counter-bit-flipped", flipped(29));
reject("slots-unknown", flipped(30));
reject("slots-of-another-class", edited(whole.envelope, 30, [8]));
reject("header-commitment-bit-flipped", flipped(31));
reject("header-commitment-of-another-key", edited(whole.envelope, 31, random("a commitment")));
reject("header-salt-bit-flipped", flipped(31 + 32));
reject("header-nonce-bit-flipped", flipped(31 + 64));
reject("header-bit-flipped", flipped(31 + 76));
reject("header-tag-bit-flipped", flipped(whole.ends - 1));
reject("section-salt-bit-flipped", flipped(whole.ends));
reject("section-nonce-bit-flipped", flipped(whole.ends + 32));
reject("section-bit-flipped", flipped(whole.ends + 44));
reject("section-tag-bit-flipped", flipped(first - 1));
reject("last-section-bit-flipped", flipped(whole.length - 1));
reject("empty", Buffer.alloc(0));
reject("truncated-in-the-prefix", whole.envelope.subarray(0, 30));
reject("truncated-behind-the-prefix", whole.envelope.subarray(0, 31));
reject("truncated-in-the-header", whole.envelope.subarray(0, 200));
reject("truncated-in-a-section", whole.envelope.subarray(0, first + 50));
reject("truncated-by-a-byte", whole.envelope.subarray(0, whole.length - 1));

// ---------------------------------------------------------------- right keys, but contents that the format does not have

reject("section-kind-unknown", lifted({ slotKind: 3 }));
reject("section-kind-empty", lifted({ slotKind: 0 }));
const four = [...family, person(3, someone(3, "father"))];
add("more-sections-than-slots", "reject", sealed(four, "count", { count: 5 }).envelope, four);
reject("sections-that-are-empty-slots", sealed(family, "count", { count: 4 }).envelope);
reject("agency-longer-than-its-room", sealed(family, "agency", { agency: Buffer.from("H".repeat(31)), agencyLength: 32 }).envelope);
reject("slots-of-no-class", sealed(family, "slots", { slots: 5 }).envelope);
reject("agency-not-ascii", sealed(family, "agency", { agency: Buffer.from("Huyện") }).envelope);
reject("compression-unknown", lifted({ packed: edited(pack(someone(1, "applicant"), true), 0, [2]) }));
reject("length-beyond-the-section", lifted({ packed: Buffer.concat([Buffer.from([0]), uint(60, 4), Buffer.alloc(59)]) }));
reject("section-without-content", lifted({ packed: Buffer.alloc(0) }));
reject("section-too-short-for-its-length", lifted({ packed: Buffer.alloc(4) }));
reject("not-deflate", lifted({ packed: Buffer.concat([Buffer.from([1]), uint(59, 4), Buffer.alloc(59, 0xff)]) }));
const deflated = pack(someone(1, "applicant"), true);
reject("deflate-cut-off", lifted({ packed: edited(deflated, 1, uint(deflated.readUInt32BE(1) - 3, 4)) }));
reject("deflate-with-more-behind-it", lifted({ packed: edited(deflated, 1, uint(deflated.readUInt32BE(1) + 1, 4)) }));

console.log(JSON.stringify({ made_by: "tests/vectors/make_envelopes.mjs", vectors }, null, 1));
