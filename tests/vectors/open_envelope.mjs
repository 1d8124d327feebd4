// Opens what the code under test sealed: a JSON object on standard input, what it holds on standard output.
import { readFileSync } from "node:fs";
import { openEnvelope } from "./sealing.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(openEnvelope({ ...given, envelope: Buffer.from(given.envelope, "base64") })));
