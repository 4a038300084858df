/** Writes a picture of a screen small: as PNG with a palette. Screens have few colours, and letters many shades of them. */
import { crc32, deflateSync } from "node:zlib";

/** `data`: four bytes a pixel, opaque. The 256 colours seen most stay as they are; another one becomes the nearest of them. */
export function smallPng({ width, height, data }) {
  const colourAt = (at) => data[at] << 16 | data[at + 1] << 8 | data[at + 2];
  const seen = new Map();
  for (let at = 0; at < width * height * 4; at += 4) seen.set(colourAt(at), (seen.get(colourAt(at)) ?? 0) + 1);
  const palette = [...seen].sort(([, a], [, b]) => b - a).slice(0, 256).map(([colour]) => colour);
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const placeOf = (colour) => {
    const known = places.get(colour);
    if (known !== undefined) return known;
    const far = palette.map((one) => [16, 8, 0].reduce((sum, by) => sum + ((one >> by & 255) - (colour >> by & 255)) ** 2, 0));
    const place = far.indexOf(Math.min(...far));
    places.set(colour, place);
    return place;
  };
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = placeOf(colourAt((y * width + x) * 4));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, colour >> 8 & 255, colour & 255]));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("PLTE", colours), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name, body) {
  const named = Buffer.concat([Buffer.from(name, "latin1"), body]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
