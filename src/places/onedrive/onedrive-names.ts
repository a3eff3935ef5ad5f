/** What OneDrive takes for a name. Nothing is renamed in silence: a name that it would refuse is refused here, before any byte is sent. */

export const fileBytesMax = 250 * 1024 ** 3
export const nameBytesMax = 255
export const forbidden = '"*:<>?\\|'
const pathLettersMax = 400

const reserved = /^(?:\.lock|con|prn|aux|nul|com\d|lpt\d|desktop\.ini)$/i

/** Why OneDrive refuses the path; null when nothing speaks against it. */
export function whyRefused(path: string): string | null {
  if (path.length > pathLettersMax) return `the path is longer than ${pathLettersMax} letters`
  for (const name of path.split('/')) {
    const why = whyNameRefused(name)
    if (why !== null) return why
  }
  return null
}

function whyNameRefused(name: string): string | null {
  if (name === '' || name === '.' || name === '..') return 'it has an empty name, or dots for one'
  const bad = Array.from(name).find((letter) => forbidden.includes(letter) || letter < ' ')
  if (bad !== undefined) return bad < ' ' ? 'a control character is in it' : `${bad} is in it`
  if (/^[ ~]/.test(name)) return 'a name begins with a space or with ~'
  if (/[ .]$/.test(name)) return 'a name ends with a space or a dot'
  if (reserved.test(name) || name.toLowerCase().includes('_vti_'))
    return `${name} is a name that Windows keeps for itself`
  return new TextEncoder().encode(name).length > nameBytesMax ? `a name is longer than ${nameBytesMax} bytes` : null
}
