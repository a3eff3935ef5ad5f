/**
 * What it costs to fetch one's own files back from a service, and how much it hands out in a day: data, each row with where it is from
 * and when it was looked up. Prices change and differ by region and contract, so whatever is made of this is called an estimate; a
 * person may say otherwise in the settings.
 */

/** Where a cloud is: the kind of its protocol, and the host that is asked; '' for the drives, which have one service each. */
export interface ServiceHost {
  readonly kind: string
  readonly host: string
}

export interface EgressPrice {
  readonly service: string
  /** US dollars for a gigabyte (10^9 bytes) that is fetched over the internet. */
  readonly dollarsPerGB: number
  /** What a person should know beside the price; a whole sentence, or ''. */
  readonly but: string
  /** The most that it hands out in 24 hours; null where none is published. */
  readonly bytesPerDay: number | null
  readonly source: string
  /** The day on which that was looked up. */
  readonly asOf: string
}

interface Row extends EgressPrice {
  readonly kind: string
  /** Which hosts are this service's. */
  readonly hosts: RegExp
}

const nothing = /^$/

const glacier =
  'What lies in Glacier or Deep Archive has to be ordered back at Amazon first: that takes hours and has a price of its own.'

export const egressPrices: readonly Row[] = [
  {
    service: 'Amazon S3',
    kind: 's3',
    hosts: /(?:^|\.)amazonaws\.com(?:\.cn)?$/,
    dollarsPerGB: 0.09,
    but: `The first 100 GB of a month are free; some regions cost more. ${glacier}`,
    bytesPerDay: null,
    source: 'https://aws.amazon.com/s3/pricing/ (data transfer out to the internet, first 10 TB of a month)',
    asOf: '2026-11-24',
  },
  {
    service: 'Backblaze B2',
    kind: 's3',
    hosts: /(?:^|\.)backblazeb2\.com$/,
    dollarsPerGB: 0,
    but: 'Free up to three times of what you store there in a month, then 0.01 $ a GB.',
    bytesPerDay: null,
    source: 'https://www.backblaze.com/cloud-storage/pricing',
    asOf: '2026-11-24',
  },
  {
    service: 'Wasabi',
    kind: 's3',
    hosts: /(?:^|\.)wasabisys\.com$/,
    dollarsPerGB: 0,
    but: 'Its terms want no more fetched in a month than is stored there.',
    bytesPerDay: null,
    source: 'https://wasabi.com/pricing/faq (free egress policy)',
    asOf: '2026-11-24',
  },
  {
    service: 'Cloudflare R2',
    kind: 's3',
    hosts: /(?:^|\.)r2\.cloudflarestorage\.com$/,
    dollarsPerGB: 0,
    but: 'In its class “Infrequent Access” 0.01 $ a GB.',
    bytesPerDay: null,
    source: 'https://developers.cloudflare.com/r2/pricing/',
    asOf: '2026-11-24',
  },
  {
    service: 'Google Cloud Storage',
    kind: 's3',
    hosts: /^storage\.googleapis\.com$|\.storage\.googleapis\.com$/,
    dollarsPerGB: 0.12,
    but: 'Its cold classes also have a price for each GB that is taken out.',
    bytesPerDay: null,
    source: 'https://cloud.google.com/storage/pricing (general network usage, first TB of a month)',
    asOf: '2026-11-24',
  },
  {
    service: 'DigitalOcean Spaces',
    kind: 's3',
    hosts: /(?:^|\.)digitaloceanspaces\.com$/,
    dollarsPerGB: 0.01,
    but: 'The first terabyte of a month is in the price of the plan.',
    bytesPerDay: null,
    source: 'https://docs.digitalocean.com/products/spaces/details/pricing/',
    asOf: '2026-11-24',
  },
  {
    service: 'Google Drive',
    kind: 'google-drive',
    hosts: nothing,
    dollarsPerGB: 0,
    but: '',
    bytesPerDay: 1e12,
    source: 'https://developers.google.com/workspace/drive/api/guides/limits (1 TB a day for each project)',
    asOf: '2026-11-24',
  },
  {
    service: 'Dropbox',
    kind: 'dropbox',
    hosts: nothing,
    dollarsPerGB: 0,
    but: '',
    bytesPerDay: null,
    source: 'https://www.dropbox.com/plans (no price for fetching one’s own files)',
    asOf: '2026-11-24',
  },
  {
    service: 'OneDrive',
    kind: 'onedrive',
    hosts: nothing,
    dollarsPerGB: 0,
    but: '',
    bytesPerDay: null,
    source: 'https://learn.microsoft.com/graph/throttling (requests are slowed down; bytes have no price)',
    asOf: '2026-11-24',
  },
]

/** Null for a service that is not in the table. */
export function egressPriceOf({ kind, host }: ServiceHost): EgressPrice | null {
  const name = host.toLowerCase()
  return egressPrices.find((row) => row.kind === kind && row.hosts.test(name)) ?? null
}

/** A machine of one’s own, or at least in the same house: nobody counts what comes from there. */
export function isOwnNetwork(host: string): boolean {
  const name = host.toLowerCase().replaceAll(/[[\]]/g, '')
  return (
    name === 'localhost' ||
    name === '::1' ||
    /\.(?:local|lan|home\.arpa|internal)$/.test(name) ||
    /^(?:127|10)\.\d+\.\d+\.\d+$/.test(name) ||
    /^192\.168\.\d+\.\d+$/.test(name) ||
    /^172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+$/.test(name) ||
    /^f[cd][0-9a-f]{2}:/.test(name) ||
    name.startsWith('fe80:')
  )
}
