import type { PlaceId } from '../domain/ids.ts'

/*
 * Evidence tells the device that was read, and is never changed. Which device a copy counts for is worked out from it whenever copies
 * are counted or handed out: what a person declares of a place holds for all of its copies, and what was declared once and is not any
 * more says nothing (V2).
 */

const declared = 'declared:'

interface PlaceOfDevice {
  readonly id: PlaceId
  readonly declared_device: string | null
}

/** Takes the device of the evidence; without a declaration, a device that was only ever declared could not be told. */
export function countingDevice({ id, declared_device: name }: PlaceOfDevice, deviceId: string): string {
  if (name !== null) return `${declared}${name}`
  return deviceId.startsWith(declared) ? `unknown:${id}` : deviceId
}
