#!/usr/bin/env node
/** phx from its sources, for development; the program itself is built by scripts/build.mjs. */
import { program } from './program.mts'

process.exitCode = await program(process.argv.slice(2), process)
