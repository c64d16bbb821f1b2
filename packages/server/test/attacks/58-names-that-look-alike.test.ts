/**
 * Names that people cannot tell apart (RFC 8265, RFC 8266, UTS 39): no identity gets one that looks like another's, and
 * nobody's real name is refused. What older versions let in stays, and is shown for what it is.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScimGroup, ScimListResponse, ScimServicePrincipal, ScimUser } from '@lakegate/client'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'
import { openInsider } from '../stage/insider.ts'
import { refusal } from '../stage/refusal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const { admin, ready } = sharedLakegate()
const SCIM = '/api/2.0/preview/scim/v2'
const ACCOUNT = `/api/2.0/accounts/${ready.account_id}`

/** Something that only this test has, in letters that look like themselves only. */
const mark = () =>
  randomUUID()
    .replaceAll(/[^a-f]/g, 'z')
    .slice(0, 16) + randomUUID().slice(0, 8)
const createUser = (userName: string, body: object = {}) =>
  admin.request<ScimUser>('POST', `${SCIM}/Users`, { userName, ...body })
const createGroup = (displayName: string) =>
  admin.request<ScimGroup>('POST', `${SCIM}/Groups`, { displayName })
const createPrincipal = (displayName: string) =>
  admin.request<ScimServicePrincipal>('POST', `${SCIM}/ServicePrincipals`, { displayName })
const rename = (path: string, attribute: string, value: string) =>
  admin.request('PATCH', path, { Operations: [{ op: 'replace', path: attribute, value }] })
const find = <Resource>(path: string, filter: string, http = admin) =>
  http.request<ScimListResponse<Resource>>('GET', `${path}?filter=${encodeURIComponent(filter)}`)

describe('a name with something in it that nobody sees', () => {
  const UNSEEN: readonly (readonly [string, (name: string) => string])[] = [
    ['a space of no width', (name) => `${name}\u200b`],
    ['a joiner between letters that do not join', (name) => `${name}\u200d`],
    ['a byte order mark', (name) => `\ufeff${name}`],
    ['a soft hyphen', (name) => `a\u00ad${name}`],
    ['a mark of the right', (name) => `\u200f${name}`],
    ['an override of the direction', (name) => `\u202e${name}`],
    ['an isolate of the direction', (name) => `\u2066${name}\u2069`],
    ['a control character', (name) => `${name}\u0007`],
    ['a line end', (name) => `${name}\u2028`],
    ['a tag', (name) => `${name}\u{e0041}`],
    ['a variation selector', (name) => `${name}\ufe0f`],
    ['a filler of Hangul', (name) => `${name}\u3164`],
    ['the empty Braille pattern', (name) => `${name}\u2800`],
    ['a private character', (name) => `${name}\ue000`],
    ['a character that Unicode does not have', (name) => `${name}\u0378`],
    ['half a character', (name) => `${name}\ud800`],
    ['a mark that stands alone', (name) => `\u0301${name}`],
    ['a pile of marks', (name) => `a${'\u0300\u0301'.repeat(4)}${name}`],
  ]
  it.each(UNSEEN)('is refused with the reason: %s', async (_what, spoil) => {
    const group = await createGroup(`group ${mark()}`)
    const user = await createUser(`${mark()}@example.com`)
    for (const act of [
      () => createUser(`${spoil(mark())}@example.com`),
      () => createUser(`${mark()}@example.com`, { displayName: spoil('Ada') }),
      () => createUser(`${mark()}@example.com`, { name: { givenName: spoil('Ada') }, displayName: 'Ada' }),
      () => createUser(`${mark()}@example.com`, { externalId: spoil('7') }),
      () => createGroup(spoil(mark())),
      () => createPrincipal(spoil('etl')),
      () => rename(`${SCIM}/Groups/${group.id}`, 'displayName', spoil(mark())),
      () => rename(`${SCIM}/Users/${user.id}`, 'userName', `${spoil(mark())}@example.com`),
      () => rename(`${SCIM}/Users/${user.id}`, 'name.familyName', spoil('Lovelace')),
      () => admin.request('PUT', `${SCIM}/Groups/${group.id}`, { displayName: spoil(mark()) }),
      () => admin.request('PUT', `${SCIM}/Users/${user.id}`, { userName: `${spoil(mark())}@example.com` }),
    ]) {
      const error = await refusal(act())
      expect(error).toMatchObject({ status: 400, errorCode: 'INVALID_PARAMETER_VALUE' })
      expect(error.message).toMatch(/U\+|marks|mark that belongs|e-mail address/)
    }
  })

  it.each([
    ['a blank before it', ' a team', 'blank'],
    ['a blank behind it', 'a team ', 'blank'],
    ['two blanks in it', 'a  team', 'two blanks'],
    ['a blank that does not break', 'a\u00a0team', 'U+00A0'],
    ['a thin blank', 'a\u2009team', 'U+2009'],
    ['a word of two alphabets', 'p\u0430ypal', 'Latin and Cyrillic'],
  ])('is refused: %s', async (_what, name, reason) => {
    for (const act of [() => createGroup(name), () => createPrincipal(name)]) {
      const error = await refusal(act())
      expect(error.status).toBe(400)
      expect(error.message).toContain(reason)
    }
  })

  it.each([
    ['letters of another width', (name: string) => `\uff41${name}@example.com`],
    ['letters of another style', (name: string) => `\u{1d41a}${name}@example.com`],
    ['a sign that is no letter', (name: string) => `\u2117${name}@example.com`],
    ['letters of two alphabets', (name: string) => `\u0430${name}@example.com`],
    ['two directions in one part', (name: string) => `\u05d0.${name}@example.com`],
  ])('is no user name: %s', async (_what, make) => {
    expect((await refusal(createUser(make(mark())))).status).toBe(400)
  })
})

/** Two texts that look the same, or are, to people. */
const ALIKE: readonly (readonly [string, string, string])[] = [
  ['letter case', 'Accounting', 'ACCOUNTING'],
  ['letter case beyond ASCII', 'ΟΔΟΣ Ä', 'οδος ä'],
  ['composed and decomposed letters', 'Zo\u00eb', 'Zoe\u0308'],
  ['width', 'Sales', '\uff33\uff41\uff4c\uff45\uff53'],
  ['style', 'Sales', '\u{1d412}ales'],
  ['blanks of another width', '\u7d4c\u7406 \u90e8', '\u7d4c\u7406\u3000\u90e8'],
  ['ligatures', 'office', 'o\ufb03ce'],
  ['small letters of Cyrillic', 'scope', '\u0455\u0441\u043e\u0440\u0435'],
  ['capital letters of Cyrillic', 'CTO', '\u0421\u0422\u041e'],
  ['capital letters of Greek', 'ATHENA', '\u0391\u03a4\u0397\u0395\u039d\u0391'],
  ['a capital I of Cyrillic', 'IT', '\u0406\u0422'],
  ['a rarer letter of Latin', 'google', '\u0261oo\u0261le'],
  ['an i without a dot', 'pipes', 'p\u0131pes'],
]

describe('a name that looks like one that is there', () => {
  it.each(ALIKE)('is refused to a group: %s', async (_what, first, second) => {
    const distinct = mark()
    const { id } = await createGroup(`${distinct} ${first}`)
    const other = await createGroup(`other ${distinct}`)
    for (const act of [
      () => createGroup(`${distinct} ${second}`),
      () => rename(`${SCIM}/Groups/${other.id}`, 'displayName', `${distinct} ${second}`),
      () => admin.request('PUT', `${SCIM}/Groups/${other.id}`, { displayName: `${distinct} ${second}` }),
    ])
      expect(await refusal(act())).toMatchObject({ status: 409, errorCode: 'RESOURCE_ALREADY_EXISTS' })
    // The one whose name it is may write it in another way.
    await rename(`${SCIM}/Groups/${id}`, 'displayName', `${distinct} ${second}`)
  })

  it.each([
    ['letter case', 'ada', 'ADA'],
    ['letter case beyond ASCII', 'äda', 'ÄDA'],
    ['composed and decomposed letters', 'zo\u00eb', 'zoe\u0308'],
    ['letters of Cyrillic', 'scope', '\u0455\u0441\u043e\u0440\u0435'],
  ])('is refused to a user: %s', async (_what, first, second) => {
    const domain = `${mark()}.example.com`
    await createUser(`${first}@${domain}`)
    expect((await refusal(createUser(`${second}@${domain}`))).status).toBe(409)
  })

  it.each(['Admins', 'USERS', '\uff41dmins', '\u0430\u0501\u0456\u0578s'])(
    'is refused to a group that looks like one of the system: %s',
    async (name) => {
      expect((await refusal(createGroup(name))).status).toBe(400)
    },
  )

  it('goes to one of two who ask for it at once', async () => {
    for (const [, first, second] of ALIKE) {
      const distinct = mark()
      const made = await Promise.allSettled([
        createGroup(`${distinct} ${first}`),
        createGroup(`${distinct} ${second}`),
        createGroup(`${distinct} ${second}`),
      ])
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }
  })

  it('is free again when the other one has another name, or is gone', async () => {
    const distinct = mark()
    const group = await createGroup(`${distinct} scope`)
    await rename(`${SCIM}/Groups/${group.id}`, 'displayName', `${distinct} range`)
    const second = await createGroup(`${distinct} \u0455\u0441\u043e\u0440\u0435`)
    await admin.request('DELETE', `${SCIM}/Groups/${second.id}`)
    await createGroup(`${distinct} scope`)
  })
})

describe('a name of somebody', () => {
  it.each([
    ...[
      'O’Brien & Sons (EMEA) #1',
      "O'Brien",
      'Zoë Müller-Weiß',
      'Jan Weiss',
      'Łukasz Żółć',
      'Nguyễn Thị Hoa',
    ],
    ...[
      '山田　太郎',
      '데이터 팀',
      'データ分析チーム',
      'Team 数据',
      'ＡＢＣ商事',
      'Отдел IT',
      'SQL-запросы',
      'Ελλάδα ΑΕ',
    ],
    ...['فريق المالية', 'צוות פיתוח', 'خانه\u200cها', 'श्री\u200dमान', 'தமிழ்', 'ภาษาไทย', 'Işık', 'İstanbul'],
    ...['👩‍💻 Developers', '🏳️‍🌈 Pride', 'R&D – 50 % ½', '«Éditeurs»', 'C++', 'a/b', 'group 1', 'group l'],
  ])('is a name of a group, a program and a person: %s', async (name) => {
    const distinct = mark()
    await expect(createGroup(`${name} ${distinct}`)).resolves.toMatchObject({
      displayName: `${name} ${distinct}`.normalize('NFC'),
    })
    await expect(createPrincipal(name)).resolves.toMatchObject({ displayName: name.normalize('NFC') })
    const user = await createUser(`${distinct}@example.com`, { displayName: name })
    expect(user).not.toHaveProperty('nameProblem')
  })

  it.each(["o'brien+test", 'zoë.müller', 'łukasz', '山田', 'иван.петров', 'محمد', 'jan.weiß', 'jan.weiss'])(
    'is a user name: %s',
    async (local) => {
      const userName = `${local}@${mark()}.example.com`
      await expect(createUser(userName)).resolves.toMatchObject({ userName: userName.normalize('NFC') })
    },
  )

  it('is kept in one form, however it was written', async () => {
    const distinct = mark()
    const made = await createUser(`zoe\u0308@${distinct}.example.com`)
    expect(made.userName).toBe(`zo\u00eb@${distinct}.example.com`)
  })
})

describe('a user name that somebody brings', () => {
  it('is found by a filter in any letter case (RFC 7643 §2.2, §4.1.1)', async () => {
    const distinct = mark()
    const { id } = await createUser(`Äda.Łoś@${distinct}.example.com`)
    for (const text of [`äda.łoś@${distinct}.example.com`, `ÄDA.ŁOŚ@${distinct.toUpperCase()}.EXAMPLE.COM`]) {
      const found = await find<ScimUser>(`${SCIM}/Users`, `userName eq "${text}"`)
      expect(found.Resources.map((user) => user.id)).toEqual([id])
    }
  })

  it('is nobody’s when it only looks like one: a grant goes by letters', async () => {
    const distinct = mark()
    await createUser(`backup@${distinct}.example.com`)
    const grant = (userName: string) =>
      admin.request('PATCH', `/api/2.0/permissions/database-instances/${ready.instance.name}`, {
        access_control_list: [{ user_name: userName, permission_level: 'CAN_USE' }],
      })
    // U+212A is the Kelvin sign, whose small letter is a k.
    for (const alike of ['bac\u212aup', '\uff42ackup', 'b\u0430ckup'])
      expect((await refusal(grant(`${alike}@${distinct}.example.com`))).status).toBe(404)
    await grant(`BACKUP@${distinct}.example.com`)
  })
})

describe('a name of something else', () => {
  const spoilt = ['dev\u200b', '\u202ecnyS', ' dev', 'de\u0007v']
  it.each(spoilt)('is refused when nobody sees what is in it: %j', async (name) => {
    for (const act of [
      () => admin.request('POST', `${ACCOUNT}/workspaces`, { workspace_name: name }),
      () =>
        admin.request('POST', `${ACCOUNT}/oauth2/custom-app-integrations`, {
          name,
          redirect_urls: ['https://app.example.com/'],
        }),
      () => admin.request('POST', '/api/2.0/database/instances', { name, capacity: 'CU_1' }),
      () =>
        admin.request('POST', '/api/2.0/database/catalogs', {
          name,
          database_instance_name: ready.instance.name,
          database_name: ready.instance.database,
        }),
      () =>
        admin.request('POST', '/api/2.0/database/catalogs', {
          name: `catalog_${mark()}`,
          database_instance_name: ready.instance.name,
          database_name: name,
          create_database_if_not_exists: true,
        }),
      () => admin.request('POST', `/api/2.0/database/instances/${ready.instance.name}/roles`, { name }),
    ])
      expect(await refusal(act())).toMatchObject({ status: 400 })
  })
})

describe('names that an older version let in', () => {
  let dataDirectory: string
  let lakegate: RunningLakegate
  const names = {
    invisible: 'analysts\u200b',
    first: 'scope',
    second: '\u0455\u0441\u043e\u0440\u0435',
    user: 'ada\u200b@example.com',
  }
  const ids: Record<string, string> = {}

  beforeAll(async () => {
    dataDirectory = await makeDataDirectory()
    const environment = { LAKEGATE_FIRST_INSTANCE: '' }
    const before = await startLakegate({ dataDirectory, environment })
    const insider = await openInsider(before)
    try {
      for (const [key, name] of Object.entries(names)) {
        const { id } = await insider.database
          .insertInto('identity')
          .values({
            account_id: before.ready.account_id,
            type: key === 'user' ? 'USER' : 'GROUP',
            name,
            display_name: name,
            external_id: null,
            home_workspace_id: before.ready.workspace_id,
          })
          .returning('id')
          .executeTakeFirstOrThrow()
        ids[key] = id
        await insider.database
          .insertInto('workspace_assignment')
          .values({ workspace_id: before.ready.workspace_id, identity_id: id, permission: 'USER' })
          .execute()
      }
    } finally {
      await insider.close()
    }
    await before.stop()
    lakegate = await startLakegate({ dataDirectory, environment })
  })
  afterAll(async () => {
    await lakegate.stop()
    await removeDataDirectory(dataDirectory)
  })
  const group = (key: string) => lakegate.admin.request<ScimGroup>('GET', `${SCIM}/Groups/${ids[key] ?? ''}`)

  it('stay as they are, and say what is wrong with them', async () => {
    expect(await group('invisible')).toMatchObject({
      displayName: names.invisible,
      nameProblem: expect.stringContaining('U+200B') as string,
    })
    expect(await group('first')).not.toHaveProperty('nameProblem')
    expect(await group('second')).toMatchObject({
      displayName: names.second,
      nameProblem: expect.stringContaining(ids['first'] ?? '') as string,
    })
  })

  it('are found by a filter', async () => {
    const found = await find<ScimGroup>(`${SCIM}/Groups`, 'nameProblem pr', lakegate.admin)
    expect(found.Resources.map(({ id }) => id)).toEqual([ids['invisible'], ids['second']])
  })

  it('are told to the operator at the start', async () => {
    const line = await waitFor('the line of the log', () =>
      lakegate
        .output()
        .split('\n')
        .find((text) => text.includes('cannot tell apart')),
    )
    expect(JSON.parse(line)).toMatchObject({
      level: 'warn',
      total: 3,
      identities: [ids['invisible'], ids['second'], ids['user']].map(
        (id) => expect.objectContaining({ id }) as object,
      ),
    })
  })

  it('keep others from looking like them', async () => {
    for (const displayName of ['Analysts', 'Scope'])
      expect((await refusal(lakegate.admin.request('POST', `${SCIM}/Groups`, { displayName }))).status).toBe(
        409,
      )
  })

  it('may be sent back with whatever else changes', async () => {
    const path = `${SCIM}/Users/${ids['user'] ?? ''}`
    const user = await lakegate.admin.request<ScimUser>('GET', path)
    await lakegate.admin.request('PUT', path, { ...user, displayName: names.user, active: false })
    expect(await lakegate.admin.request('GET', path)).toMatchObject({
      userName: names.user,
      active: false,
      nameProblem: expect.stringContaining('U+200B') as string,
    })
  })

  it('are like all others once they have another name', async () => {
    const path = `${SCIM}/Groups/${ids['invisible'] ?? ''}`
    await lakegate.admin.request('PATCH', path, {
      Operations: [{ op: 'replace', path: 'displayName', value: 'analysts' }],
    })
    expect(await group('invisible')).not.toHaveProperty('nameProblem')
  })
})
