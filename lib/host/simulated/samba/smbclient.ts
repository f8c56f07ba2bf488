/** smbclient(1): lists shares, and connects to one to look, put and get (services.jsonl scene 29). */
import { has, optionValue, readOptions } from '../disk-tools/options.ts'
import { namesIn, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { isListed, logOn, runs, served, shareNamed, treeFault, type Who } from './server.ts'

const comment = 'IPC Service (Samba 4.22.11-Debian-4.22.11+dfsg-0+deb13u1)'

function listing(state: SimState, who: Who, isForScripts: boolean): string {
  const loaded = served(state)
  const homes = loaded.services.find(({ name }) => name.toLowerCase() === 'homes')
  const rows = [
    ...loaded.services.filter(isListed).map(({ name, values }) => ['Disk', name, values.get('comment') ?? '']),
    ['IPC', 'IPC$', comment],
    ...(homes ? [['Disk', who ?? 'nobody', homes.values.get('comment') ?? '']] : []),
  ]
  const none = 'SMB1 disabled -- no workgroup available\n'
  if (isForScripts) return `${rows.map((row) => `${row.join('|')}\n`).join('')}${none}`
  const table = [['Type', 'Sharename', 'Comment'], ['----', '---------', '-------'], ...rows]
  return `\n${table.map(([type = '', name = '', text = '']) => `\t${name.padEnd(15)} ${type.padEnd(9)} ${text}\n`).join('')}${none}`
}

function files(state: SimState, folder: string): string {
  const time = new Date(state.now * 1000)
    .toUTCString()
    .replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1 $3 $2 $5 $4')
  const rows = ['.', '..', ...namesIn(state, folder)].map((name) => {
    const file = state.files[`${folder}/${name}`]
    const [kind, size] = file?.type === 'file' ? ['A', Buffer.byteLength(file.content)] : ['D', 0]
    return `  ${name.padEnd(34)} ${kind.padStart(3)} ${String(size).padStart(8)}  ${time}\n`
  })
  return `${rows.join('')}\n\t\t4046560 blocks of size 1024. 3405044 blocks available\n`
}

/** `ls`, `put FROM [TO]`, `get FROM [TO]` and `exit`, parted by semicolons. Whose files they are is not looked at. */
function work(state: SimState, folder: string, commands: string): ToolAnswer {
  let [stdout, stderr] = ['', '']
  for (const command of commands.split(';').map((one) => one.trim())) {
    const [verb = '', from = '', to = from.split('/').at(-1) ?? ''] = command.split(/\s+/)
    if (verb === 'exit') break
    if (verb === 'ls') stdout += files(state, folder)
    else if (verb === 'put' || verb === 'get') {
      const [source, target] = verb === 'put' ? [from, `${folder}/${to}`] : [`${folder}/${from}`, to]
      const text = state.files[source]?.content
      if (text === undefined)
        return answer(1, `${stdout}NT_STATUS_OBJECT_NAME_NOT_FOUND opening remote file \\${from}\n`)
      if (writeText(state, target, text) !== null) return answer(1, `${stdout}NT_STATUS_ACCESS_DENIED\n`)
      stderr += `${verb}ting file ${from} as \\${to} (0.1 kb/s) (average 0.1 kb/s)\n`
    } else throw new NotSimulated(`smbclient -c '${command}'`)
  }
  return answer(0, stdout, stderr)
}

export const smbclient: Tool = (state, { args }) => {
  const options = readOptions('smbclient', args, ['-L --list=', '-N --no-pass', '-g', '-U --user=', '-c --command='])
  const list = optionValue(options, '-L')
  const [, host = '', share = ''] = /^\/\/([^/]+)\/(.+)$/.exec(options.operands[0] ?? '') ?? []
  const [user = null, password = ''] = (optionValue(options, '-U') ?? '').split(/%(.*)/s)
  if ((list === undefined) === (share === '')) throw new NotSimulated(`smbclient ${args.join(' ')}`)
  if (!runs(state, 'smbd')) {
    const fault = `Connection to ${list ?? host} failed (Error NT_STATUS_CONNECTION_REFUSED)`
    return answer(1, `do_connect: ${fault}\n`)
  }
  const loaded = served(state)
  const logon = logOn(state, loaded, has(options, '-N') || user === '' ? null : user, password)
  if (!logon.ok) return answer(1, `session setup failed: ${logon.status}\n`)
  if (list !== undefined) {
    if (logon.who === null && loaded.globals.get('restrict anonymous') === '2')
      return answer(1, `${logon.said}tree connect failed: NT_STATUS_ACCESS_DENIED\n`)
    return answer(0, listing(state, logon.who, has(options, '-g')))
  }
  const fault = treeFault(state, loaded, share, logon.who)
  if (fault !== null) return answer(1, `${logon.said}tree connect failed: ${fault}\n`)
  return work(state, shareNamed(loaded, share)?.values.get('path') ?? '', optionValue(options, '-c') ?? 'exit')
}
