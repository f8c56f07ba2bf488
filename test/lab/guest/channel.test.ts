import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openChannel } from './channel.ts'

const folder = mkdtempSync(join(tmpdir(), 'phx-channel-'))
const [path, agentPath] = [join(folder, 'qga'), join(folder, 'agent')]

/** Answers each line with itself, and counts its clients. */
function startAgent(clients: Socket[]): Server {
  const agent = createServer((socket) => {
    clients.push(socket)
    socket.on('data', (chunk) => socket.write(`heard ${chunk}`))
  })
  return agent.listen(agentPath)
}

const said = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0])

test('a question waits for the agent, the second client for the first, and the agent sees one client alone', async () => {
  const channel = await openChannel(path, agentPath)
  const gone = connect(path)
  gone.write('nobody waits for this\n')
  await once(gone, 'connect')
  gone.destroy()
  const first = connect(path)
  first.write('one\n')
  const clients: Socket[] = []
  const agent = startAgent(clients)
  assert.is(await said(first), 'heard one\n')

  const second = connect(path)
  second.write('two\n')
  let answered = false
  const answer = said(second).then((text) => {
    answered = true
    return text
  })
  first.write('one more\n')
  assert.is(await said(first), 'heard one more\n')
  assert.not(answered)
  first.destroy()
  assert.is(await answer, 'heard two\n')
  assert.is(clients.length, 1)

  second.destroy()
  channel.close()
  agent.close()
  for (const client of clients) client.destroy()
})

test.after(() => rmSync(folder, { recursive: true }))

test.run()
