// What JSON.parse makes of messages: a line of base64 in, a line of JSON out, with nothing lost on the way.
// null: refused; ["n", bits of the double in hex]; ["s", text]; ["l", true, false or null]; ["a", …]; ["o", [key, value], …]
"use strict";

const bits = new DataView(new ArrayBuffer(8));

function tagged(value) {
  if (typeof value === "number") {
    bits.setFloat64(0, value);
    return ["n", bits.getBigUint64(0).toString(16)];
  }
  if (typeof value === "string") return ["s", value];
  if (value === null || typeof value === "boolean") return ["l", value];
  if (Array.isArray(value)) return ["a", ...value.map(tagged)];
  return ["o", ...Object.entries(value).map(([key, item]) => [key, tagged(item)])];
}

function read(line) {
  try {
    return tagged(JSON.parse(Buffer.from(line, "base64").toString("utf8")));
  } catch {
    return null;
  }
}

const lines = require("fs").readFileSync(0, "latin1").split("\n");
process.stdout.write(lines.slice(0, -1).map((line) => JSON.stringify(read(line)) + "\n").join(""));
