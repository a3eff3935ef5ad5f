/**
 * The size of a JPEG in pixels as its frame header has it (ITU-T T.81, B.2.2), or null when these bytes have none: it begins with the
 * start marker, and its segments follow one another up to the frame. Reads no further, and never past the end.
 */
export function jpegSize(bytes: Uint8Array): { readonly width: number; readonly height: number } | null {
  const at = (index: number): number => bytes[index] ?? 0
  const word = (index: number): number => at(index) * 256 + at(index + 1)
  if (word(0) !== 0xffd8) return null
  let offset = 2
  while (offset + 9 < bytes.length && at(offset) === 0xff) {
    const marker = at(offset + 1)
    // Frames are 0xc0 to 0xcf, but for the tables DHT (0xc4) and DAC (0xcc) and the reserved 0xc8.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) {
      const [height, width] = [word(offset + 5), word(offset + 7)]
      return width > 0 && height > 0 ? { width, height } : null
    }
    // The scan or the end before any frame.
    if (marker === 0xda || marker === 0xd9) return null
    // A filler byte, or the length of the segment.
    offset += marker === 0xff ? 1 : 2 + word(offset + 2)
  }
  return null
}
