/** From the words of a command to the request that they mean: path, query and body. */
import { wrongUsage } from '../exit-codes.ts'
import type { Argument, Flag, Operation } from './operation.ts'

/** What the person gave: positional arguments in order, flags by their names in camel case, the body of `--json`. */
export interface GivenWords {
  readonly positional: readonly string[]
  readonly flags: Readonly<Record<string, unknown>>
  readonly json: Readonly<Record<string, unknown>> | undefined
}

export interface ApiRequest {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>> | undefined
}

type Value = string | number | boolean | readonly string[]

/** The arguments that are given as words; with `--json`, the fields of the body are all there. */
const positionalOf = (operation: Operation, isJsonGiven: boolean): readonly Argument[] =>
  (operation.arguments ?? []).filter(({ to }) => !isJsonGiven || to !== 'body')

/** @throws CommandFailure when the words do not fit the operation */
export function requestOf(operation: Operation, given: GivenWords): ApiRequest {
  const taken = positionalOf(operation, given.json !== undefined)
  if (given.positional.length !== taken.length) throw wrongCount(operation, given, taken)
  if (operation.json === 'required' && given.json === undefined)
    throw wrongUsage(
      `${operation.name} needs the body of the request.`,
      'Give it with --json, inline or as @file.',
    )
  const values = [
    ...taken.map((argument, index) => ({
      to: argument.to,
      field: argument.field,
      value: valueOfArgument(argument, given.positional[index] ?? ''),
    })),
    ...(operation.flags ?? []).flatMap((flag) => {
      const value = valueOfFlag(flag, given.flags)
      return value === undefined ? [] : [{ to: flag.to, field: flag.field, value }]
    }),
  ]
  const fieldsTo = (to: Argument['to']): Record<string, Value> =>
    Object.fromEntries(values.filter((value) => value.to === to).map(({ field, value }) => [field, value]))
  const inPath = fieldsTo('path')
  return {
    path: operation.path.replaceAll(/\{(\w+)\}/g, (placeholder, field: string) =>
      inPath[field] === undefined ? placeholder : encodeURIComponent(String(inPath[field])),
    ),
    query: Object.fromEntries(
      Object.entries(fieldsTo('query')).map(([field, value]) => [field, String(value)]),
    ),
    // What is in --json goes before what flags say, as in the databricks CLI.
    body:
      operation.method === 'GET' || operation.method === 'DELETE'
        ? undefined
        : { ...fieldsTo('body'), ...given.json },
  }
}

function wrongCount({ name, arguments: all = [] }: Operation, given: GivenWords, taken: readonly Argument[]) {
  const names = taken.map((argument) => argument.name)
  const inBody = all.filter(({ to }) => to === 'body').map(({ field }) => `'${field}'`)
  if (given.json !== undefined && inBody.length > 0)
    return wrongUsage(
      `When --json is given, ${name} takes ${names.length === 0 ? 'no arguments' : `only ${names.join(' ')}`}.`,
      `Put ${inBody.join(', ')} into the JSON.`,
    )
  return wrongUsage(
    `${name} takes ${names.length === 0 ? 'no arguments' : names.join(' ')}, and ${String(given.positional.length)} ${given.positional.length === 1 ? 'was' : 'were'} given.`,
    `\`lakegate … ${name} --help\` shows what it takes.`,
  )
}

const valueOfArgument = ({ name, kind }: Argument, word: string): Value => {
  if (word === '')
    throw wrongUsage(`${name} is empty.`, 'Give its value; a variable of the shell may be unset.')
  return kind === 'number' ? toNumber(name, word) : kind === 'list' ? word.split(',') : word
}

function valueOfFlag(flag: Flag, flags: GivenWords['flags']): Value | undefined {
  const given = flags[camelCase(flag.name)]
  if (given === undefined) return flag.default
  if (typeof given === 'boolean') return given
  if (typeof given !== 'string') return undefined
  return flag.kind === 'number' ? toNumber(`--${flag.name}`, given) : given
}

function toNumber(name: string, word: string): number {
  if (!/^-?\d{1,15}$/.test(word))
    throw wrongUsage(`${name} is “${word}”, which is no whole number.`, 'Write it in digits: 20.')
  return Number(word)
}

/** As commander names a flag. */
const camelCase = (name: string): string =>
  name.replaceAll(/-(\w)/g, (_match, letter: string) => letter.toUpperCase())
