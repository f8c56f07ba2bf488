/** MD4 by the vectors of RFC 1320, A.5; NT hashes as a real pdbedit of Samba 4.22 printed them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { md4, ntHash } from '../../lib/resources/samba/nt-hash.ts'

const vectors: Readonly<Record<string, string>> = {
  '': '31d6cfe0d16ae931b73c59d7e0c089c0',
  a: 'bde52cb31de33e46245e05fbdbd6fb24',
  abc: 'a448017aaf21d8525fc10ae87aa6729d',
  'message digest': 'd9130a8164549fe818874806e1c7014b',
  abcdefghijklmnopqrstuvwxyz: 'd79e1c308aa5bbcdeea8ed63df412da9',
  ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789: '043f8582f241db351ce627e153e7f0e4',
  '12345678901234567890123456789012345678901234567890123456789012345678901234567890':
    'e33b4ddc9c38f2199c3e7b164fcc0536',
}

for (const [text, digest] of Object.entries(vectors)) {
  test(`MD4 of "${text}" (RFC 1320)`, () => assert.is(md4(Buffer.from(text)).toString('hex'), digest))
}

const seen: Readonly<Record<string, string>> = {
  Throwaway1: '82FBCAB893C19B3FDBE5B59EDAA1EBEA', // services.jsonl scene 24
  abc: 'E0FBA38268D0EC66EF1CB452D5885E53',
  'pässwörd€😀': '343B5F56098BEF0DE4739D82D102F3CA',
  ['x'.repeat(200)]: '33564215584C7572E7BA233025D30554',
  ' lead and trail ': 'FF8E5D3DD2F1D09199D583967E69D420',
  'per%cent$dollar"q': '5104C340389A4202889D45FA556B70D3',
}

for (const [password, hash] of Object.entries(seen)) {
  test(`NT hash of ${password.slice(0, 20)}`, () => assert.is(ntHash(password), hash))
}

test.run()
