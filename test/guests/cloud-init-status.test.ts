/** What `cloud-init status` may say, and not say, and what becomes of it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { declaredGuests } from '../../lib/config/guests.ts'
import { newLook } from '../../lib/engine/look.ts'
import { noSecrets } from '../../lib/engine/secret.ts'
import type { CommandResult, Reader } from '../../lib/host/host.ts'
import { CloudInit } from '../../lib/resources/vm/cloud-init.ts'

const { vms } = declaredGuests({ guests: { vms: [{ vmid: 8101, name: 'docker-host' }] } })

async function compared(said: Partial<CommandResult>) {
  const [vm] = vms
  if (vm === undefined) throw new Error('no machine is declared')
  const quiet = { exitCode: 0, signal: null, stdout: '', stderr: '', durationMs: 0, timedOut: false, notFound: false }
  const notThere = async () => undefined
  const reader: Reader = {
    name: 'vm:8101',
    query: async (argv) => ({ ...quiet, argv, ...said }),
    ...{ readFile: notThere, stat: notThere, listDir: notThere, realpath: notThere },
    hasTool: async () => true,
    inside: () => reader,
  }
  return new CloudInit(vm).compare(newLook(reader, noSecrets))
}

test('a guest too busy to answer in time is one whose cloud-init is not through yet', async () => {
  const { changes } = await compared({ exitCode: null, timedOut: true })
  assert.is(changes[0]?.summary, 'wait for cloud-init')
})

test('what every stage stumbled over is told once', async () => {
  const told = { status: 'done', recoverable_errors: { DEPRECATED: ['user is old', 'user is old'] } }
  const { changes, notes } = await compared({ exitCode: 2, stdout: JSON.stringify(told) })
  assert.equal(changes, [])
  assert.is(notes.filter(({ text }) => text === 'cloud-init: DEPRECATED: user is old').length, 1)
})

test.run()
