// A program that scores a row through node-postgres, and tells it no type of SQL. Prints 'ok - NAME' or 'not ok - NAME' for each promise. It
// goes on where drivers.py has made the model.
const { Client } = require('pg')

let failed = false
function check(name, found, expected) {
  const holds = JSON.stringify(found) === JSON.stringify(expected)
  failed ||= !holds
  console.log(`${holds ? 'ok' : 'not ok'} - ${name}${holds ? '' : `: ${JSON.stringify(found)}`}`)
}

async function main() {
  const client = new Client()
  await client.connect()
  const form = { age: 30, amount: 12.125, owner: true, since: '2024-01-20', region: 'r1', scores: [3, 4] }
  const values = ['30', '12.125', 'true', '2024-01-20', 'r1', '{3,4}']
  const typed = await client.query({
    text: `SELECT assay.predict('loan', r) AS risk, assay.predict_label('loan', r) AS label, assay.predict_proba('loan', r) AS shares
           FROM (SELECT 30 AS age, 12.125 AS amount, true AS owner, date '2024-01-20' AS since, 'r1' AS region, '{3,4}'::float8[] AS scores) AS r`,
  })
  const expected = typed.rows[0]
  for (const [what, kind, features] of [['an object', 'row', form], ['JSON as a text', 'row', JSON.stringify(form)], ['texts', 'values', values]]) {
    const text = `SELECT assay.predict_${kind}($1, $2) AS risk, assay.predict_label_${kind}($1, $2) AS label, assay.predict_proba_${kind}($1, $2) AS shares`
    for (const name of [undefined, `score ${kind}`]) {
      const { rows } = await client.query({ name, text, values: ['loan', features] })
      check(`node-postgres sends ${what}${name ? ', prepared' : ''}`, rows[0], expected)
    }
  }
  try {
    await client.query('SELECT assay.predict_row($1, $2)', ['loan', { ...form, age: 'old' }])
  } catch (error) {
    check('an error has its own SQLSTATE', [error.code, error.message], ['ML004', 'feature "age" of model "loan" cannot be \'old\''])
  }
  await client.end()
  process.exitCode = failed ? 1 : 0
}

main()
