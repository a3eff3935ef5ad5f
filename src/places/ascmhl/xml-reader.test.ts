import assert from 'node:assert/strict'
import test from 'node:test'
import { readXml } from './xml-reader.ts'
import { XmlWriter } from './xml-writer.ts'

const read = (text: string, bytesMax = 10_000): ReturnType<typeof readXml> => readXml(Buffer.from(text), bytesMax)
const why = (text: string): string => {
  const reading = read(text)
  return reading.kind === 'unreadable' ? reading.why : 'it was read'
}

test('text and attributes come back exactly as they were written', () => {
  const texts = [
    'a & b',
    '<x>',
    '"quoted" \'single\'',
    ' blanks ',
    'tab\tline\nreturn\rboth\r\n',
    'Cafe\u0301',
    'Café',
    '&amp;',
    '&#13;',
    ']]>',
    '<!DOCTYPE x>',
    '🎞️',
    '\u0085\u2028',
    '',
  ]
  for (const text of texts) {
    const xml = new XmlWriter()
    xml.leaf('a', text, { b: text })
    const built = xml.finish()
    assert.equal(built.kind, 'built')
    const reading = read(built.text)
    assert.equal(reading.kind, 'read', JSON.stringify(text))
    assert.equal(reading.root.text, text)
    assert.equal(reading.root.attributes.get('b'), text)
  }
})

test('what XML has no spelling for is a value, not a broken file', () => {
  for (const text of ['\u0000', '\u0001', '\u001b', '\ufffe', '\ud800', 'a\udc00b']) {
    const xml = new XmlWriter()
    xml.leaf('a', text)
    assert.deepEqual(xml.finish(), { kind: 'unwritable', texts: [text] })
    const other = new XmlWriter()
    other.leaf('a', '', { b: text })
    assert.equal(other.finish().kind, 'unwritable')
  }
})

test('namespaces are resolved, whatever the prefix', () => {
  const reading = read('<m:a xmlns:m="urn:1" xmlns="urn:0"><b/><c xmlns="urn:2"><d/></c><m:e/></m:a>')
  assert.equal(reading.kind, 'read')
  const { root } = reading
  assert.deepEqual([root.namespace, root.name], ['urn:1', 'a'])
  assert.deepEqual(
    root.children.map(({ namespace, name }) => `${namespace} ${name}`),
    ['urn:0 b', 'urn:2 c', 'urn:1 e'],
  )
  assert.equal(root.children[1]?.children[0]?.namespace, 'urn:2')
})

test('CDATA is taken as it stands, comments and instructions are passed over', () => {
  const reading = read('<?xml version="1.0"?><?x y?><!-- R&D --><a>1<!-- & --><![CDATA[<&amp;>]]>2</a>')
  assert.equal(reading.kind, 'read')
  assert.equal(reading.root.text, '1<&amp;>2')
})

test('documents that could expand, nest without end or are no XML are refused', () => {
  assert.match(why('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'), /document type/)
  assert.match(why('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'), /document type/)
  for (const text of [
    '<a>&x;</a>',
    '<a b="&x;"/>',
    '<a>&#0;</a>',
    '<a>&#xD800;</a>',
    '<a>&#x110000;</a>',
    '<a>\u0001</a>',
    '<a>&amp</a>',
  ]) {
    assert.notEqual(why(text), 'it was read', text)
  }
  for (const text of [
    '',
    'text',
    '<a>',
    '<a></b>',
    '<a b=1/>',
    '<a b="1" b="2"/>',
    '<a>&</a>',
    '<a/><b/>',
    '<a><__proto__/></a>',
  ]) {
    assert.notEqual(why(text), 'it was read', text)
  }
  assert.notEqual(why('<a>'.repeat(200) + '</a>'.repeat(200)), 'it was read')
  assert.equal(readXml(Uint8Array.of(0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e), 100).kind, 'unreadable')
  assert.match(read('<a>12345</a>', 8).kind, /unreadable/)
  assert.equal(read('<a>1</a>', 8).kind, 'read')
})
