/** The manifests that a chain names, so that they can be fetched before the next one is made. */
export function manifestsNamed(chain: string): readonly string[] {
  return [...chain.matchAll(/<path>([^<]+\.mhl)<\/path>/g)].flatMap(([, name]) =>
    name === undefined ? [] : [unescaped(name)],
  )
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
}
const unescaped = (text: string): string =>
  text.replaceAll(/&(?:amp|lt|gt|quot|apos);/g, (entity) => entities[entity] ?? entity)
