const encoder = new TextEncoder();

/** Of UTF-8 text; by hand, because the core has neither `Buffer` nor `btoa`. */
export function base64(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytes = encoder.encode(text);
  let encoded = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i]!, bytes[i + 1], bytes[i + 2]];
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    encoded += alphabet[bits >> 18]! + alphabet[(bits >> 12) & 63]!;
    encoded += b === undefined ? '=' : alphabet[(bits >> 6) & 63]!;
    encoded += c === undefined ? '=' : alphabet[bits & 63]!;
  }
  return encoded;
}
