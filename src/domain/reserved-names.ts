/**
 * Names that Windows keeps for devices, whatever the extension: a file `CON.JPG` can't be made there. The rule comes from
 * Microsoft's "Naming Files, Paths, and Namespaces"; superscript digits count as digits.
 */
const reserved = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?= *(?:\.|$))/i

/** True when Windows reads this name, with or without an extension, as a device. */
export const isReservedOnWindows = (name: string): boolean => reserved.test(name)

/** What Windows, exFAT and NTFS forbid in a name, besides control characters, the slash, and a dot or space at the end. */
export const forbiddenOnWindows = '<>:"|?*\\'
