/**
 * How a client chooses OAUTHBEARER, which the server must know before it asks for a proof: by the setting
 * `databricks_auth.login=oauth`, in `options` (every libpq can send it) or as a startup parameter. The gateway consumes
 * it and does not pass it on.
 */
import { takeSetting } from '../../protocol/startup-options.ts'
import { lastValue, type StartupMessage } from '../../protocol/startup.ts'
import { violation } from './sasl-answers.ts'

const LOGIN_SETTING = 'databricks_auth.login'
const METHODS = ['oauth', 'password'] as const

/** @throws RefusedError protocol_violation for a method that does not exist */
export function readLoginMethod(message: StartupMessage): {
  readonly wantsBearer: boolean
  /** The message without the setting in its options. */
  readonly message: StartupMessage
} {
  let chosen = lastValue(message, LOGIN_SETTING)?.toString('latin1')
  const parameters = message.parameters.map((parameter) => {
    if (parameter.name !== 'options') return parameter
    const { value, rest } = takeSetting(parameter.value, LOGIN_SETTING)
    chosen = value ?? chosen
    return { ...parameter, value: rest }
  })
  const method = METHODS.find((name) => name === (chosen ?? 'password').toLowerCase())
  if (method === undefined) throw violation(`${LOGIN_SETTING} must be one of ${METHODS.join(', ')}`)
  return { wantsBearer: method === 'oauth', message: { ...message, parameters } }
}
