/**
 * The channel of a guest agent as QEMU has it: /run/qemu-server/VMID.qga is there as long as the machine runs, whether an
 * agent listens at its other end or not; one client is served, others wait; the agent notices no change of client. The
 * other end is the socket of a real qemu-ga.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'

const retryMs = 200

export function openChannel(path: string, agentPath: string): Promise<Server> {
  /** The first one is served. */
  const clients: Socket[] = []
  /** What came before there was an agent, as it waits in QEMU's queue until a guest opens its port. */
  let waiting: Buffer[] = []
  let agent: Socket | null = null

  function serve(client: Socket): void {
    client.on('data', (chunk: Buffer) => {
      if (agent === null) waiting.push(chunk)
      else agent.write(chunk)
    })
    client.resume()
  }

  function reach(): void {
    const socket = connect(agentPath)
    socket.on('connect', () => {
      agent = socket
      for (const chunk of waiting) socket.write(chunk)
      waiting = []
    })
    socket.on('data', (chunk) => clients[0]?.write(chunk))
    socket.on('error', () => undefined) // 'close' follows
    socket.on('close', () => {
      agent = null
      setTimeout(reach, retryMs).unref()
    })
  }

  const server = createServer({ pauseOnConnect: true }, (client) => {
    clients.push(client)
    client.on('error', () => undefined)
    client.on('close', () => {
      const wasServed = clients[0] === client
      clients.splice(clients.indexOf(client), 1)
      if (!wasServed) return
      waiting = []
      if (clients[0]) serve(clients[0])
    })
    if (clients.length === 1) serve(client)
  })
  reach()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => resolve(server))
  })
}
