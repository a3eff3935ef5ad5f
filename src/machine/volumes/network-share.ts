import { hostname } from 'node:os'
import type { PhysicalDevice } from './volume.ts'

/** File systems that are a share of another computer. FUSE names come as `fuse.sshfs` on Linux. */
const networkTypes: ReadonlySet<string> = new Set([
  'nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', 'afpfs', 'afs', 'ceph', 'glusterfs', 'fuse.glusterfs', '9p', 'ncpfs', 'davfs', 'webdav', 'fuse.sshfs', 'fuse.smbnetfs', 'fuse.rclone',
  'fuse.gvfsd-fuse', 'fuse.davfs2', 'fuse.curlftpfs', 'fuse.s3fs',
]) // prettier-ignore

export const isNetworkType = (fsType: string): boolean => networkTypes.has(fsType.toLowerCase())

/**
 * One spelling of a server's name. A NAS that is `nas`, `NAS.local` and `nas._smb._tcp.local` (the macOS Finder) is one
 * device; taking two names of one NAS for two devices would be the dangerous error (V2).
 */
export const serverName = (server: string): string =>
  server
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\._(smb|afpovertcp|nfs|ssh|webdavs?)\._tcp\.local\.?$/, '')
    .replace(/\.$/, '')
    .replace(/\.local$/, '')

const shapes: readonly RegExp[] = [
  /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^/:]+)/i, // https://server/path, sftp://user@server:22/path
  /^[\\/]{2}(?:[^@\\/]*@)?([^\\/]+)[\\/]/, // //user@server/share, \\server\share
  /^(?:[^@:/]*@)?(\[[^\]]+\]|[^/:]+):/, // server:/export, user@server:/folder
]

/** The server in a mount's source, or null when the source is not of a shape that names one. */
export function serverOf(source: string): string | null {
  for (const shape of shapes) {
    const server = shape.exec(source)?.[1]
    if (server !== undefined && server !== '') return serverName(server)
  }
  return null
}

const ownNames = (): ReadonlySet<string> =>
  new Set(['localhost', '127.0.0.1', '::1', serverName(hostname()), serverName(hostname().split('.')[0] ?? '')])

/**
 * A network share as a device: the server, not the share, because the shares of one NAS burn together.
 * A share of this very computer says nothing about the disk below it, so that is unknown.
 * `address` is what the system resolved the server to, when it tells: a second name for the same device.
 */
export function networkDevice(source: string, address: string | null): PhysicalDevice {
  const server = serverOf(source)
  if (server === null) return { id: `unknown:net:${source}`, how: 'unknown', parts: [], isRemovable: false }
  const own = ownNames()
  const names = address === null ? [server] : [server, serverName(address)]
  const parts = [...new Set(names)].map((name) => `net:${name}`)
  if (names.some((name) => own.has(name)))
    return { id: 'unknown:net:this-computer', how: 'unknown', parts, isRemovable: false }
  return { id: `net:${server}`, how: 'measured', parts, isRemovable: false }
}
