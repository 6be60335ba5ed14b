/** hashOf: 64 bits that name a text, the same on every machine and in every release. */

// No cryptography: nobody attacks a chunk's name, and the engine has no node:crypto. Two lanes of
// 32 bits with the multipliers and the finaliser of MurmurHash3 (A. Appleby, public domain), each
// started differently; in a million texts a collision is a matter of 1 in 36 million.

/** 16 hex digits of `text`'s UTF-16 units. */
export function hashOf(text: string): string {
  let low = 0x2f0b4b1d;
  let high = 0x51a3c7e9;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0xcc9e2d51);
    low = (low << 15) | (low >>> 17);
    high = Math.imul(high ^ unit, 0x1b873593);
    high = (high << 13) | (high >>> 19);
  }
  low ^= text.length;
  high ^= low;
  return hex(mixed(low ^ mixed(high))) + hex(mixed(high));
}

function mixed(lane: number): number {
  let mixing = lane ^ (lane >>> 16);
  mixing = Math.imul(mixing, 0x85ebca6b);
  mixing ^= mixing >>> 13;
  mixing = Math.imul(mixing, 0xc2b2ae35);
  return (mixing ^ (mixing >>> 16)) >>> 0;
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0');
}
