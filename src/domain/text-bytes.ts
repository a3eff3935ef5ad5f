/** What one code point takes in UTF-8, in bytes. File systems count a name's length in these. */
function bytesOfCodePoint(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x8_00) return 2
  return codePoint < 0x1_00_00 ? 3 : 4
}

/** How many bytes a text takes in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = 0
  for (const character of text) bytes += bytesOfCodePoint(character.codePointAt(0) ?? 0)
  return bytes
}

/** The longest beginning of a text that takes at most `bytesMax` bytes in UTF-8; never cuts through a code point. */
export function cutToBytes(text: string, bytesMax: number): string {
  let bytes = 0
  let end = 0
  for (const character of text) {
    bytes += bytesOfCodePoint(character.codePointAt(0) ?? 0)
    if (bytes > bytesMax) return text.slice(0, end)
    end += character.length
  }
  return text
}

/** True for the characters that no name should hold: they break lines, terminals and XML manifests. */
export function isControlCharacter(character: string): boolean {
  const codePoint = character.codePointAt(0) ?? 0
  return codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)
}
