import { describe, expect, it } from 'vitest'
import { openTogether } from '../../src/composition/shutdown.ts'

describe('things that are opened together', () => {
  it('are closed in reverse when a later one fails, and the failure is what is thrown', async () => {
    const closed: string[] = []
    const opening = openTogether((shutdown) => {
      for (const name of ['port', 'process'])
        shutdown.add(name, () => {
          closed.push(name)
          return Promise.resolve()
        })
      return Promise.reject(new Error('the third one fails'))
    })
    await expect(opening).rejects.toThrow('the third one fails')
    expect(closed).toEqual(['process', 'port'])
  })

  it('stay open when all of them open, until their owner closes them', async () => {
    let isOpen = true
    const shutdown = await openTogether((opened) => {
      opened.add('port', () => {
        isOpen = false
        return Promise.resolve()
      })
      return Promise.resolve(opened)
    })
    expect(isOpen).toBe(true)
    await shutdown.run()
    expect(isOpen).toBe(false)
  })

  it('are all closed although one cannot be, and neither failure hides the other', async () => {
    const closed: string[] = []
    const opening = openTogether((shutdown) => {
      shutdown.add('port', () => {
        closed.push('port')
        return Promise.resolve()
      })
      shutdown.add('process', () => Promise.reject(new Error('it hangs')))
      return Promise.reject(new Error('the third one fails'))
    })
    await expect(opening).rejects.toMatchObject({
      errors: [{ message: 'the third one fails' }, { message: 'process could not be stopped' }],
    })
    expect(closed).toEqual(['port'])
  })
})
