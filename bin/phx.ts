#!/usr/bin/env node
import { main } from '../lib/cli/main.ts'
import { modules } from '../tasks/index.ts'

process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  variables: process.env,
  modules,
})
