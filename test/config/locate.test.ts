import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { locateJson } from '../../lib/config/locate.ts'

/** Text → each fault as `line:column message`, and the value that was read. */
function faults(text: string): string[] {
  return locateJson(text).faults.map(({ line, column, message }) => `${line}:${column} ${message}`)
}

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 2, '\t'), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent)
      const document = locateJson(text)
      assert.equal(document.faults, [])
      assert.equal(JSON.stringify(document.value), JSON.stringify(JSON.parse(text)))
    }),
  )
})

test('finds a fault in whatever JSON.parse refuses', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '}', ']', '"', ':', 'x', '/', '0', '\n', '\u0001'),
      (json, at, insert) => {
        const cut = at % (json.length + 1)
        const text = json.slice(0, cut) + insert + json.slice(cut + (insert === '' ? 1 : 0))
        let sound = true
        try {
          JSON.parse(text)
        } catch {
          sound = false
        }
        const document = locateJson(text)
        // A key that comes twice is a fault here and none to JSON.parse.
        if (!sound) assert.ok(document.faults.length > 0, text)
        if (sound)
          assert.not(
            document.faults.some(({ message }) => !message.includes('second time')),
            text,
          )
      },
    ),
    { numRuns: 500 },
  )
})

test('tells the places of values and of their names', () => {
  const { valueAt, keyAt } = locateJson('{\n  "a": [1,\n    {"b": true}],\n  "c": {}\n}')
  assert.equal(valueAt([]), { line: 1, column: 1 })
  assert.equal(keyAt(['a']), { line: 2, column: 3 })
  assert.equal(valueAt(['a']), { line: 2, column: 8 })
  assert.equal(valueAt(['a', 1, 'b']), { line: 3, column: 11 })
  assert.equal(keyAt(['a', 1, 'b']), { line: 3, column: 6 })
  assert.equal(valueAt(['c', 'missing']), { line: 4, column: 8 }, 'the nearest thing around it')
})

test('goes on after mistakes whose meaning is plain', () => {
  const text = '{\n  // why\n  "a": True,\n  "b": [1, 2,],\n  "c": 1\n  "a": 007,\n}'
  assert.equal(faults(text), [
    '2:3 JSON has no comments',
    '3:8 True is not a value in JSON',
    '4:13 a comma stands before ]',
    '5:9 a comma is missing here',
    '6:3 "a" is here a second time; the first is at line 3',
    '6:8 007 is not a number in JSON',
    '6:11 a comma stands before }',
  ])
})

for (const [text, expected] of [
  ['', '1:1 the file is empty'],
  ['{"a": 1', '1:8 found the end of the file while the { of line 1 is still open'],
  ['{\n"a": [1, 2\n}', '3:1 found } while the [ of line 2 is still open'],
  ["{'a': 1}", "1:2 expected the name of a field, found '"],
  ['{"a": \'x\'}', "1:7 a text begins with '"],
  ['{"a" 1}', '1:6 a colon is missing after "a"'],
  ['{"a": "x\n"}', '1:7 this text is not closed on its line'],
  ['{"a":,}', '1:6 expected a value, found ,'],
  ['{"a": 1,,}', '1:9 two commas follow each other'],
  ['{} {}', '1:4 there is text after the end of the document: {'],
  ['{"a": "\\x"}', '1:8 \\x means nothing in JSON'],
  ['{"a": "\\u12"}', '1:8 \\u needs four hexadecimal digits'],
  ['{"a": maybe}', '1:7 maybe is not a value'],
  ['{"password": hunter2}', '1:14 this is not a value'],
  ['['.repeat(300), '1:201 more than 200 levels deep'],
] as const) {
  test(`says what is wrong with ${text.length > 40 ? 'too many brackets' : JSON.stringify(text)}`, () => {
    assert.equal(faults(text), [expected])
  })
}

test('a field named __proto__ is a field', () => {
  const { value } = locateJson('{"__proto__": {"a": 1}}')
  assert.equal(Object.keys(value as object), ['__proto__'])
  assert.is((value as Record<string, unknown>).a, undefined)
})

test.run()
