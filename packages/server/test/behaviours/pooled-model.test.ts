/**
 * The pooled endpoint answers as PostgreSQL does (pooled-model/pooled-model.ts): some hundreds of random pipelines of
 * sessions that share backends. More of them: `npm run pooled-model`.
 */
import { expect, it } from 'vitest'
import { runPooledModel } from '../pooled-model/pooled-model.ts'

it.each([
  { backends: 1, pipelines: 300, seed: 20 },
  { backends: 2, pipelines: 150, seed: 18 },
])(
  'random pipelines of three sessions on $backends backends are answered as at the direct endpoint',
  async ({ backends, pipelines, seed }) => {
    const { difference } = await runPooledModel({ backends, pipelines, seed })
    expect(difference).toBeUndefined()
  },
)
