/** hostname, hostid, zgenhostid, and what does nothing here: sync, sleep, true. */
import { writeText } from '../filesystem.ts'
import { nextHex } from '../random.ts'
import { answer, type Tool } from '../tool.ts'
import { readOptions } from './options.ts'

export const hostname: Tool = (state, { args }) => {
  const [name] = readOptions('hostname', args, ['-s --short', '-f --fqdn']).operands
  if (name !== undefined) state.hostname = name
  return answer(0, name === undefined ? `${state.hostname}\n` : '')
}

export const hostid: Tool = (state) => answer(0, `${state.hostid}\n`)

/** /etc/hostid is four raw bytes, which have no place in a text; the state knows them, the file only says that it is there. */
export const zgenhostid: Tool = (state, { args }) => {
  const options = readOptions('zgenhostid', args, ['-f', '-o='])
  const forced = options.given.some(([name]) => name === '-f')
  if (!forced && state.files['/etc/hostid'] !== undefined)
    return answer(1, '', 'zgenhostid: /etc/hostid: File exists\n')
  const id = (options.operands[0] ?? nextHex(state, 8)).replace(/^0x/i, '').padStart(8, '0').toLowerCase()
  if (!/^[0-9a-f]{8}$/.test(id)) return answer(1, '', 'zgenhostid: invalid hostid\n')
  const fault = writeText(state, '/etc/hostid', '')
  if (fault !== null) return answer(1, '', `zgenhostid: /etc/hostid: ${fault}\n`)
  state.hostid = id
  return answer(0)
}

export const nothing: Tool = () => answer(0)
