import { expect, it } from 'vitest'
import type { InstanceUid } from '../../src/domain/ids.ts'
import { createActivityCounter } from '../../src/observation/activity-counter.ts'
import { INSTANCE_UID, OTHER_INSTANCE_UID } from '../policy/facts.ts'

const NOBODY = { openSessions: 0, pooledSessions: 0, pooledBackendsInUse: 0, pooledClientsWaiting: 0 }

const bytes = (fromClient: number, toClient: number, openSessions = 1) =>
  new Map([
    [
      INSTANCE_UID,
      { now: { ...NOBODY, openSessions }, bytesFromClient: fromClient, bytesToClient: toClient },
    ],
  ])

it('tells what was counted since it told before, and what is open now', () => {
  const counter = createActivityCounter()
  counter.know(new Set([INSTANCE_UID]))
  counter.loginAdmitted(INSTANCE_UID, 12)
  counter.loginRefused(INSTANCE_UID, 'token_expired')
  counter.loginRefused(INSTANCE_UID, 'token_expired')
  expect(counter.take(bytes(100, 1000))).toMatchObject([
    {
      instanceUid: INSTANCE_UID,
      now: { openSessions: 1 },
      loginsAdmitted: 1,
      loginsRefused: new Map([['token_expired', 2]]),
      bytesFromClient: 100,
      bytesToClient: 1000,
    },
  ])
  expect(counter.take(bytes(150, 1000))).toMatchObject([
    { loginsAdmitted: 0, loginsRefused: new Map(), bytesFromClient: 50, bytesToClient: 0 },
  ])
})

it('tells nothing of an instance at which nothing is', () => {
  const counter = createActivityCounter()
  counter.take(bytes(150, 1000))
  expect(counter.take(bytes(150, 1000, 0))).toEqual([])
})

it('begins again with an instance whose bytes were forgotten', () => {
  const counter = createActivityCounter()
  counter.take(bytes(150, 1000))
  expect(counter.take(bytes(10, 20))).toMatchObject([{ bytesFromClient: 10, bytesToClient: 20 }])
})

it('takes nothing in for instances that do not exist, however many are asked for', () => {
  const counter = createActivityCounter()
  counter.know(new Set([INSTANCE_UID]))
  for (let count = 0; count < 1000; count += 1)
    counter.loginRefused(`made up ${String(count)}` as InstanceUid, 'instance_not_found')
  expect(counter.take(new Map())).toEqual([])
})

it('forgets what it counted of an instance that was deleted', () => {
  const counter = createActivityCounter()
  counter.know(new Set([INSTANCE_UID, OTHER_INSTANCE_UID]))
  counter.loginAdmitted(OTHER_INSTANCE_UID, 1)
  counter.know(new Set([INSTANCE_UID]))
  expect(counter.take(new Map())).toEqual([])
})
