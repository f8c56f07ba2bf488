/** Users: what would end up in /etc/passwd, and keys that sshd would pass over without a word. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { keyFault } from '../../lib/config/public-key.ts'
import { assertProblems, problemsOf } from './problems.ts'

/** Made with ssh-keygen (OpenSSH 10.0); the two of tokens put together as PROTOCOL.u2f of OpenSSH has them. */
const whole: Readonly<Record<string, string>> = {
  'ssh-ed25519': 'AAAAC3NzaC1lZDI1NTE5AAAAIIUWBvX5JaCUhdSWudmGpEe0P1v6+sKOh7h05UhWn6Tt',
  'ssh-rsa':
    'AAAAB3NzaC1yc2EAAAADAQABAAAAgQC1VjUsjeSaPQZSWpmTcpt/qKeLPADAOyO0dSUBRxWIw9jhLCof+08JnXznRDwpkFuMFcxSs3t1Lp/NNurz6CDJXteJ1v/gx/3HVSewlCsu9xipmVLyFrVkJxFPFW3s2T567fjqFInNorA+8E0DGdrbepyJwPbe/G3KmEQoQr9Vuw==',
  'ecdsa-sha2-nistp256':
    'AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFUVWp41JrZaxyYOymnIyw1hBgcFICcgLu+vJvW8HuVy+8E5s5ygK7VrSlYxNiKgXsf1MOx2M5X5wkITqN0hz7Y=',
  'ecdsa-sha2-nistp384':
    'AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBJIzQQihsSQGYuhqx6jb+y8xcO3DKQvHVLSsw3V4FXeeQGtO+eCZfBm5yeiOVdVaHWzf6gK9a927xi0cLbN7ttascliqXauWsghwHLyDvn56xGkvepQ0rRk+F+k9tppNvw==',
  'ecdsa-sha2-nistp521':
    'AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAHj+N0tgRn+ywPvp+vg5iklyJ5xAXWAhhoZsKhHn3BlvTx2E+BH97WjBybcum0bHHtWxGHvAToXRx6gdcaD+mZ9KwDTFCEKQbpXHxXYj8o3I97CkfP6zEUSrFt9xnKLPSsZmqmMUFbd/FQNBKr1869OlNxmOwSwMKT6YCcdQ5f+CeYDtA==',
  'sk-ssh-ed25519@openssh.com': blobOf('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 7), 'ssh:'),
  'sk-ecdsa-sha2-nistp256@openssh.com': blobOf('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', point(65), 'ssh:'),
}

function blobOf(...fields: readonly (string | Buffer)[]): string {
  const parts = fields.flatMap((field) => {
    const bytes = Buffer.from(field)
    const size = Buffer.alloc(4)
    size.writeUInt32BE(bytes.length)
    return [size, bytes]
  })
  return Buffer.concat(parts).toString('base64')
}

function point(size: number): Buffer {
  return Buffer.concat([Buffer.of(4), Buffer.alloc(size - 1, 9)])
}

test('a whole key of each type is taken, and none of its beginnings', () => {
  for (const [type, blob] of Object.entries(whole)) {
    assert.is(keyFault({ type, blob }), undefined, type)
    assert.equal(problemsOf({ users: { username: 'a', ssh_public_key: `${type} ${blob} a@desk` } }), [])
    for (let end = 4; end < blob.length; end++)
      assert.ok(keyFault({ type, blob: blob.slice(0, end) }), `${type}, ${end} of ${blob.length}`)
    for (const other of Object.keys(whole))
      if (other !== type) assert.is(keyFault({ type: other, blob }), `it says ${other}, and is a key of type ${type}`)
  }
})

const rsa = (exponent: Buffer, modulus: Buffer): string => blobOf('ssh-rsa', exponent, modulus)
const three = Buffer.of(3)
const broken: readonly [string, string, string][] = [
  ['ssh-ed25519', blobOf('ssh-ed25519', Buffer.alloc(31)), 'its key has 31 bytes instead of 32'],
  ['ssh-ed25519', blobOf('ssh-ed25519', Buffer.alloc(32), 'more'), 'something stands after its end'],
  ['ssh-ed25519', `${whole['ssh-ed25519']}AAAA`, 'it is cut short or mistyped'],
  ['ssh-ed25519', 'AAAA', 'it is cut short or mistyped'],
  ['ssh-ed25519', `${'A'.repeat(20)}`, 'it says ssh-ed25519, and what follows is none'],
  ['ssh-dss', blobOf('ssh-dss', three), 'ssh-dss is no type of key that sshd takes'],
  ['ssh-rsa', rsa(three, Buffer.alloc(64, 1)), 'it has 505 bits, and sshd takes 1024 to 16384'],
  ['ssh-rsa', rsa(three, Buffer.alloc(256, 0xff)), 'its modulus is no number above 0'],
  ['ssh-rsa', rsa(Buffer.of(), Buffer.alloc(256, 1)), 'its exponent is no number above 0'],
  ['ecdsa-sha2-nistp256', blobOf('ecdsa-sha2-nistp256', 'nistp384', point(65)), 'its curve is not nistp256'],
  ['ecdsa-sha2-nistp256', blobOf('ecdsa-sha2-nistp256', 'nistp256', point(33)), 'its point has 33 bytes instead of 65'],
  ['ecdsa-sha2-nistp256', blobOf('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(65)), 'its point is none'],
]
for (const [type, blob, said] of broken) {
  test(`a key that sshd passes over is refused: ${said}`, () => {
    assert.is(keyFault({ type, blob }), said)
  })
}

test('the place of each bad key, of users and inside VMs, with nothing of the key', () => {
  const cut = `ssh-ed25519 ${whole['ssh-ed25519']?.slice(0, 50)} a@desk`
  const mend = 'copy the whole line of the .pub file once more'
  const message = 'sshd would pass over this SSH key: it is cut short or mistyped'
  const users = [
    { username: 'a', ssh_public_key: cut },
    { username: 'b', ssh_public_keys: [`ssh-ed25519 ${whole['ssh-ed25519']}`, cut] },
    { username: 'c', ssh_public_key: '' },
  ]
  assertProblems({ users }, [
    { path: '$.users[0].ssh_public_key', message, mend },
    { path: '$.users[1].ssh_public_keys[1]', message, mend },
  ])
  assert.not.match(JSON.stringify(problemsOf({ users })), whole['ssh-ed25519']?.slice(25, 40) ?? '')
  const vms = [{ vmid: 8001, name: 'v', user_config: { username: 'a', ssh_public_keys: [cut] } }]
  const path = '$.guests.vms[0].user_config.ssh_public_keys[0]'
  assert.ok(problemsOf({ guests: { vms } }).some((problem) => problem.path === path))
})

test('a shell that /etc/passwd can not hold', () => {
  const mend = 'the path alone'
  for (const shell of [
    '/bin/bash -l',
    '/bin/b:sh',
    '/bin/ba\u00a0sh',
    ' /bin/bash',
    'bash',
    '',
    '/bin/bash\n',
    '/a\tb',
  ]) {
    const [problem, ...more] = problemsOf({ users: { username: 'a', shell } })
    assert.is(problem?.path, '$.users.shell', JSON.stringify(shell))
    assert.is(more.length, 0)
  }
  assertProblems({ users: { username: 'a', shell: '/bin/bash -l' } }, [
    { path: '$.users.shell', message: 'a shell with a blank or a colon', mend },
  ])
  assert.equal(problemsOf({ users: { username: 'a', shell: '/usr/local/bin/fish-4.0' } }), [])
})

test.run()
