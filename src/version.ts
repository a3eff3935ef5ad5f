/** The program's own version, as it stands in manifests and in `--version`. A house test compares it with package.json. */
export const version = '0.1.0'
