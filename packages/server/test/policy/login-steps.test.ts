/** What a login check shows: the answers of the very questions of a login, and nothing that a login would not tell. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decideLogin,
  QUESTIONS_OF_EVERY_LOGIN,
  type LoginAnswer,
  type LoginFacts,
  type LoginQuestion,
} from '../../src/policy/login.ts'
import { conceal, stepsNotReached, toStep, type StepSubject } from '../../src/policy/login-steps.ts'
import { anyLoginFacts } from './any-login-facts.ts'
import { GROUP, GROUP_LOGIN, OWN_LOGIN } from './facts.ts'

function hear(facts: LoginFacts) {
  const heard: (readonly [LoginQuestion, LoginAnswer])[] = []
  const verdict = decideLogin(facts, (question, answer) => heard.push([question, answer]))
  return { verdict, heard }
}

const SUBJECT: StepSubject = { who: 'alice', role: 'analysts', database: undefined, tellsBinding: true }

describe('the questions of a login', () => {
  it('are all answered with yes when it is admitted, and the last with the refusal when it is not', () => {
    fc.assert(
      fc.property(anyLoginFacts, (facts) => {
        const { verdict, heard } = hear(facts)
        const last = heard.at(-1)?.[1]
        expect(heard.slice(0, -1).every(([, answer]) => answer === true)).toBe(true)
        expect(last).toEqual(verdict.outcome === 'admitted' ? true : verdict)
        // Whoever listens changes nothing.
        expect(decideLogin(facts)).toEqual(verdict)
      }),
    )
  })

  it('come in one order, and those of the role only behind all the others', () => {
    fc.assert(
      fc.property(anyLoginFacts, (facts) => {
        const names = hear(facts).heard.map(([name]) => name)
        const common = names.filter((name) => QUESTIONS_OF_EVERY_LOGIN.includes(name))
        expect(common).toEqual(QUESTIONS_OF_EVERY_LOGIN.slice(0, common.length))
        expect(names.slice(0, common.length)).toEqual(common)
        if (names.length > common.length) expect(common).toEqual(QUESTIONS_OF_EVERY_LOGIN)
      }),
    )
  })
})

describe('the lines of a login check', () => {
  it('have words for every question and every answer, with nothing left to fill in', () => {
    fc.assert(
      fc.property(anyLoginFacts, fc.boolean(), (facts, tellsBinding) => {
        const subject = { ...SUBJECT, tellsBinding }
        const steps = hear(facts).heard.map(([name, answer]) => toStep(name, answer, subject, facts))
        for (const { text } of [...steps, ...stepsNotReached(steps, subject)]) {
          expect(text).not.toBe('')
          expect(text).not.toMatch(/\{\w+\}|undefined/)
        }
      }),
    )
  })

  it('take a name for a name, whatever it looks like', () => {
    const odd = { ...SUBJECT, who: '{role}', role: '{who} $&' }
    expect(toStep('identity_is_active', true, odd).text).toBe('{role} is active.')
    expect(toStep('role_exists', true, odd).text).toBe('The role {who} $& exists.')
  })

  it('name the group of a role to who manages the instance, if the workspace has it', () => {
    const bound = (facts: LoginFacts, tellsBinding = true) =>
      toStep('role_is_bound', true, { ...SUBJECT, tellsBinding }, facts).text
    expect(bound(GROUP_LOGIN)).toBe(`The role analysts is bound to the group ${GROUP.name} (id ${GROUP.id}).`)
    const elsewhere = { ...GROUP_LOGIN, group: { ...GROUP, name: 'secret', assignedToWorkspace: false } }
    expect(bound(elsewhere)).toBe(`The role analysts is bound to the group of the id ${GROUP.id}.`)
    expect(bound(GROUP_LOGIN, false)).toBe('The role analysts is bound to an identity.')
    expect(bound(OWN_LOGIN)).toContain('the user of the id')
  })

  it('do not say what is asked of the role to who did not get there', () => {
    const names = stepsNotReached([], SUBJECT).map(({ question }) => question)
    expect(names).toEqual(QUESTIONS_OF_EVERY_LOGIN)
    const withDatabase = stepsNotReached([], { ...SUBJECT, database: 'sales' })
    expect(withDatabase.at(-1)?.question).toBe('database_is_open')
  })

  it('do not say whether somebody is active whom the reader may not see', () => {
    const [step] = conceal([toStep('identity_is_active', true, SUBJECT)])
    expect(step).toMatchObject({ outcome: 'not_reached' })
    expect(step?.text).not.toContain('is active')
  })
})
