// Makes access_tokens.json: `node tests/vectors/make_tokens.mjs > tests/vectors/access_tokens.json`.
// Independent of the code under test: only node:crypto. Private keys of ES256 and RS256 are made anew at each run and
// not written; the Ed25519 seed is fixed, for the vector of the local issuer.
import {
  createHash, createHmac, createPrivateKey, createPublicKey, constants, generateKeyPairSync, sign,
} from "node:crypto";

const NOW = 1795420800; // 2026-11-23T08:00:00Z
const ISSUER = "https://id.example.vn/realms/tinh";
const b64 = (data) => Buffer.from(data).toString("base64url");
const json = (value) => b64(JSON.stringify(value));

const SEED = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const ed25519 = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SEED]), format: "der", type: "pkcs8",
});
const other = generateKeyPairSync("ed25519").privateKey;
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const smallRsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const ed448 = generateKeyPairSync("ed448").privateKey;

const jwk = (key, more) => ({ ...createPublicKey(key).export({ format: "jwk" }), ...more });
const edThumbprint = (() => {
  const { crv, kty, x } = jwk(ed25519, {});
  return b64(createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest());
})();
const jwks = {
  keys: [
    jwk(ed25519, { kid: "ed", use: "sig" }),
    jwk(ed25519, { kid: "ed-old-name", use: "sig", alg: "EdDSA" }),
    jwk(ec, { kid: "ec", use: "sig", alg: "ES256" }),
    jwk(rsa, { kid: "rsa" }),
    jwk(rsa, { kid: "rsa-enc", use: "enc" }),
    jwk(smallRsa, { kid: "rsa-1024", use: "sig" }),
    jwk(ed448, { kid: "ed448", use: "sig" }),
    { kty: "oct", kid: "shared-secret", k: b64("a secret that everybody knows....") },
    { kty: "AKP", kid: "of-the-future", alg: "ML-DSA-44", pub: "AAAA" },
  ],
};

const SIGNERS = {
  Ed25519: (key, input) => sign(null, input, key),
  EdDSA: (key, input) => sign(null, input, key),
  ES256: (key, input) => sign("sha256", input, { key, dsaEncoding: "ieee-p1363" }),
  RS256: (key, input) => sign("sha256", input, key),
  PS256: (key, input) =>
    sign("sha256", input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  RS512: (key, input) => sign("sha512", input, key),
};
const BASE = {
  iss: ISSUER, aud: "hoso", sub: "u-7f3a", client_id: "portal-1", iat: NOW - 60, exp: NOW + 600, jti: "j1",
  scope: "records.search records.open", hoso: { role: "officer", agency: "H41.14", subject: null },
};
const without = (name) => Object.fromEntries(Object.entries(BASE).filter(([key]) => key !== name));
const raw = (header, payload, signature) => {
  const input = `${b64(header)}.${b64(payload)}`;
  return `${input}.${b64(signature(Buffer.from(input)))}`;
};
const token = (alg, kid, key, claims = BASE, more = {}) => raw(
  JSON.stringify({ alg, typ: "at+jwt", ...(kid ? { kid } : {}), ...more }),
  typeof claims === "string" ? claims : JSON.stringify(claims),
  (input) => SIGNERS[alg](key, input),
);
const good = (claims = BASE, more = {}) => token("Ed25519", "ed", ed25519, claims, more);
const hmac = (secret, kid) => raw(
  JSON.stringify({ alg: "HS256", typ: "at+jwt", kid }), JSON.stringify(BASE),
  (input) => createHmac("sha256", secret).update(input).digest(),
);
const pem = (key) => createPublicKey(key).export({ type: "spki", format: "pem" });
const hoso = (part) => ({ ...BASE, hoso: { ...BASE.hoso, ...part } });

const OFFICER = {
  id: "u-7f3a", client_id: "portal-1", role: "officer", agency: "H41.14", subject: null,
  scopes: ["records.open", "records.search"],
};
const accept = (id, text, actor = {}) => ({ id, expect: "accept", token: text, actor: { ...OFFICER, ...actor } });
const reject = (id, says, text) => ({ id, expect: "reject", says, token: text });

const sample = good().split(".");
const changed = { ...BASE, hoso: { role: "operator" } };
const derSignature = raw(
  JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "ec" }), JSON.stringify(BASE),
  (input) => sign("sha256", input, { key: ec, dsaEncoding: "der" }),
);

const vectors = [
  accept("ed25519", good()),
  accept("ed25519-by-its-old-name", token("EdDSA", "ed-old-name", ed25519)),
  accept("ed25519-by-its-old-name-with-a-key-that-names-no-algorithm", token("EdDSA", "ed", ed25519)),
  accept("es256", token("ES256", "ec", ec)),
  accept("rs256", token("RS256", "rsa", rsa)),
  accept("one-audience-of-two", good({ ...BASE, aud: ["account", "hoso"] })),
  accept("media-type-in-full-and-capitals", good(BASE, { typ: "application/AT+JWT" })),
  accept("expired-within-the-leeway", good({ ...BASE, exp: NOW - 29 })),
  accept("starts-within-the-leeway", good({ ...BASE, nbf: NOW + 29 })),
  accept("no-scope", good(without("scope")), { scopes: [] }),
  accept("citizen", good(hoso({ role: "citizen", agency: null, subject: "s-01HZX3" })),
    { role: "citizen", agency: null, subject: "s-01HZX3" }),
  accept("claims-of-the-issuer-besides", good({ ...BASE, acr: "1", realm_access: { roles: ["x"] } })),

  reject("alg-none", "algorithm", `${json({ alg: "none", typ: "at+jwt", kid: "ed" })}.${json(BASE)}.`),
  reject("alg-none-in-capitals", "algorithm", `${json({ alg: "NONE", typ: "at+jwt", kid: "ed" })}.${json(BASE)}.`),
  reject("alg-none-with-a-signature", "algorithm",
    `${json({ alg: "none", typ: "at+jwt", kid: "ed" })}.${json(BASE)}.${sample[2]}`),
  reject("hmac-with-the-public-key", "algorithm", hmac(Buffer.from(jwk(ed25519, {}).x, "base64url"), "ed")),
  reject("hmac-with-the-public-key-in-pem", "algorithm", hmac(pem(rsa), "rsa")),
  reject("hmac-with-the-shared-secret-in-the-set", "algorithm", hmac("a secret that everybody knows....", "shared-secret")),
  reject("algorithm-of-another-key-type", "algorithm", token("ES256", "rsa", ec)),
  reject("algorithm-that-the-key-does-not-name", "no key", token("EdDSA", "ec", ed25519)),
  reject("ps256", "algorithm", token("PS256", "rsa", rsa)),
  reject("rs512", "algorithm", token("RS512", "rsa", rsa)),
  reject("ed448-by-the-name-eddsa", "no key", token("EdDSA", "ed448", ed448)),
  reject("rsa-key-of-1024-bits", "no key", token("RS256", "rsa-1024", smallRsa)),
  reject("key-for-encryption", "no key", token("RS256", "rsa-enc", rsa)),
  reject("signature-of-another-key", "signature", token("Ed25519", "ed", other)),
  reject("signature-of-an-unknown-key", "no key", token("Ed25519", "nobody", other)),
  reject("key-brought-along-in-the-header", "signature",
    token("Ed25519", "ed", other, BASE, { jwk: jwk(other, {}) })),
  reject("no-key-id-among-several-keys", "no key", token("Ed25519", null, ed25519)),
  reject("signature-of-es256-in-der", "signature", derSignature),
  reject("signature-empty", "signature", `${sample[0]}.${sample[1]}.`),
  reject("payload-changed", "signature", `${sample[0]}.${json(changed)}.${sample[2]}`),
  reject("header-changed", "signature",
    `${json({ alg: "Ed25519", typ: "at+jwt", kid: "ed", cty: "x" })}.${sample[1]}.${sample[2]}`),

  reject("expired", "expired", good({ ...BASE, exp: NOW - 31 })),
  reject("without-expiry", "lacks exp", good(without("exp"))),
  reject("expiry-is-text", "exp is not", good({ ...BASE, exp: String(NOW + 600) })),
  reject("expiry-is-not-a-number", "exp is not", good(JSON.stringify(BASE).replace(String(NOW + 600), "NaN"))),
  reject("not-yet-valid", "nbf is not", good({ ...BASE, nbf: NOW + 31 })),
  reject("issued-in-the-future", "iat is not", good({ ...BASE, iat: NOW + 3600 })),
  reject("wrong-audience", "aud is not", good({ ...BASE, aud: "another-service" })),
  reject("audience-that-contains-ours", "aud is not", good({ ...BASE, aud: "hoso-test" })),
  reject("audience-empty", "aud is not", good({ ...BASE, aud: [] })),
  reject("without-audience", "lacks aud", good(without("aud"))),
  reject("wrong-issuer", "iss is not", good({ ...BASE, iss: "https://id.example.com/realms/tinh" })),
  reject("issuer-with-a-slash-more", "iss is not", good({ ...BASE, iss: `${ISSUER}/` })),
  reject("without-issuer", "lacks iss", good(without("iss"))),
  reject("without-actor", "lacks sub", good(without("sub"))),
  reject("without-client", "lacks client_id", good(without("client_id"))),
  reject("id-token-not-access-token", "typ", good(BASE, { typ: "JWT" })),
  reject("logout-token-not-access-token", "typ", good(BASE, { typ: "logout+jwt" })),
  reject("without-type", "typ", good(BASE, { typ: undefined })),

  reject("role-unknown", "hoso.role", good(hoso({ role: "administrator" }))),
  reject("role-in-capitals", "hoso.role", good(hoso({ role: "Officer" }))),
  reject("role-anonymous", "hoso.role", good(hoso({ role: "anonymous" }))),
  reject("role-is-a-list", "no role", good(hoso({ role: ["officer"] }))),
  reject("without-role", "no role", good(hoso({ role: undefined }))),
  reject("without-our-claim", "lacks hoso", good(without("hoso"))),
  reject("our-claim-is-text", "no role", good({ ...BASE, hoso: "officer" })),
  reject("agency-is-no-code", "agency", good(hoso({ agency: "H41.14 OR 1=1" }))),
  reject("agency-is-a-list", "agency", good(hoso({ agency: ["H41.14"] }))),
  reject("subject-is-a-citizen-id", "number of a person", good(hoso({ subject: "001099000001" }))),
  reject("subject-is-an-old-id", "number of a person", good(hoso({ subject: "100000001" }))),
  reject("actor-is-a-citizen-id", "number of a person", good({ ...BASE, sub: "001099000001" })),
  reject("actor-with-a-line-break", "opaque", good({ ...BASE, sub: "u-1\nrole=operator" })),
  reject("actor-is-a-number", "sub is not", good({ ...BASE, sub: 7 })),
  reject("client-is-empty", "client_id", good({ ...BASE, client_id: "" })),
  reject("scope-is-a-list", "scope", good({ ...BASE, scope: ["records.search"] })),

  reject("critical-header-that-is-not-understood", "not a signed JWT", good(BASE, { crit: ["x-new"], "x-new": 1 })),
  reject("header-is-a-list", "not a signed JWT", `${json(["alg"])}.${sample[1]}.${sample[2]}`),
  reject("header-is-not-json", "not a signed JWT", `${b64("{alg")}.${sample[1]}.${sample[2]}`),
  reject("payload-is-a-list", "not a signed JWT", good("[1]")),
  reject("payload-is-not-json", "not a signed JWT", good("{")),
  reject("two-parts", "not a signed JWT", `${sample[0]}.${sample[1]}`),
  reject("five-parts", "not a signed JWT", `${sample.join(".")}.${sample[1]}.${sample[2]}`),
  reject("empty", "not a signed JWT", ""),
  reject("not-ascii", "not a signed JWT", "thẻ.truy.cập"),
  reject("too-long", "longer than", good({ ...BASE, filling: "x".repeat(9000) })),
];

process.stdout.write(`${JSON.stringify({
  about: "Made by tests/vectors/make_tokens.mjs (node:crypto). All people and services are invented.",
  now: NOW, issuer: ISSUER, audience: "hoso", jwks,
  local: { seed: SEED.toString("hex"), x: jwk(ed25519, {}).x, kid: edThumbprint }, vectors,
}, null, 1)}\n`);
