// Holds every file given against the schema of SARIF 2.1.0, and prints what is wrong, one line each.
// Exits with 1 where that is anything.

import fs from 'node:fs'
import { createRequire } from 'node:module'
import Ajv from 'ajv'

const require = createRequire(import.meta.url)
const ajv = new Ajv({ allErrors: true, format: 'full', meta: false, schemaId: 'id' })
ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-04.json'))
const valid = ajv.compile(require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'))
for (const path of process.argv.slice(2)) {
  if (valid(JSON.parse(fs.readFileSync(path, 'utf8')))) continue
  process.exitCode = 1
  for (const { dataPath, message, params } of valid.errors) {
    console.log(`${path}: ${dataPath} ${message} ${JSON.stringify(params)}`)
  }
}
