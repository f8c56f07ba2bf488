/**
 * Loaded before bin/phx.js (`node --import`): ends the process with SIGKILL at the n-th moment (KILL_AT) at which what
 * is in a folder (KILL_IN) has just changed or is half changed. phx itself is not touched: these are Node's own calls.
 *
 * Between two writes nothing on the disk differs, so a kill after one is a kill before the next.
 */
import fs from 'node:fs'
import promises, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const folder = process.env.KILL_IN ?? ''
const limit = Number(process.env.KILL_AT)
let points = 0

function point(halfway?: () => void): void {
  points += 1
  if (points !== limit) return
  halfway?.()
  process.kill(process.pid, 'SIGKILL')
}

const isInside = (path: unknown): boolean => String(path).startsWith(folder)
const descriptors = new Set<number>()
const real = { ...fs }
const half = (text: unknown): string => String(text).slice(0, String(text).length / 2)

fs.mkdirSync = ((...args: Parameters<typeof fs.mkdirSync>) => {
  const made = real.mkdirSync(...args)
  if (isInside(args[0])) point()
  return made
}) as typeof fs.mkdirSync

fs.renameSync = (from, to) => {
  real.renameSync(from, to)
  if (isInside(to)) point()
}

fs.writeFileSync = (path, text, options) => {
  if (isInside(path)) point(() => real.writeFileSync(path, half(text), options))
  real.writeFileSync(path, text, options)
  if (isInside(path)) point()
}

fs.appendFileSync = (path, text, options) => {
  if (isInside(path)) point(() => real.appendFileSync(path, half(text), options))
  real.appendFileSync(path, text, options)
  if (isInside(path)) point()
}

fs.openSync = (path, flags, mode) => {
  const descriptor = real.openSync(path, flags, mode)
  if (isInside(path) && typeof flags === 'string' && flags !== 'r') {
    descriptors.add(descriptor)
    point()
  }
  return descriptor
}

fs.closeSync = (descriptor) => {
  descriptors.delete(descriptor)
  real.closeSync(descriptor)
}

fs.writeSync = ((descriptor: number, text: string) => {
  if (descriptors.has(descriptor)) point(() => real.writeSync(descriptor, half(text)))
  const count = real.writeSync(descriptor, text)
  if (descriptors.has(descriptor)) point()
  return count
}) as typeof fs.writeSync

const { open, rename } = promises

promises.open = async (path, flags, mode): Promise<FileHandle> => {
  const file = await open(path, flags, mode)
  if (!isInside(path) || flags === 'r') return file
  point()
  const write = file.writeFile.bind(file)
  file.writeFile = async (text, options) => {
    point(() => real.writeSync(file.fd, half(text)))
    await write(text, options)
    point()
  }
  return file
}

promises.rename = async (from, to) => {
  await rename(from, to)
  if (isInside(to)) point()
}

syncBuiltinESMExports()
