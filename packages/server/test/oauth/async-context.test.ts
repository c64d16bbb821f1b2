/** The context of requests to the OAuth server is there during them, and costs nobody anything besides. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import libraryContext from 'oidc-provider/lib/helpers/als.js'
import { AsyncContext } from '../../src/oauth/async-context.ts'

describe('the context of a request', () => {
  it('is its own across asynchronous calls, although another one ends meanwhile', async () => {
    const context = new AsyncContext<string>([])
    const slow = context.run('slow', async () => {
      await pause(20)
      return context.current
    })
    expect(await context.run('quick', () => Promise.resolve(context.current))).toBe('quick')
    expect(await slow).toBe('slow')
    expect(context.current).toBeUndefined()
  })

  it('ends with the last request, also that of the library and also by an error', async () => {
    const library = new AsyncLocalStorage<unknown>()
    const context = new AsyncContext<string>([library])
    const failing = context.run('failing', () =>
      library.run('of the library', () => Promise.reject(new Error('x'))),
    )
    await expect(failing).rejects.toThrow('x')
    // A storage that was switched off forgets what it was entered with.
    library.enterWith('entered')
    expect(library.getStore()).toBe('entered')
    await context.run('empty', () => Promise.resolve())
    expect(library.getStore()).toBeUndefined()
  })

  it('is kept by the library where we switch it off: in this storage, and in no other one', async () => {
    const { Provider } = await import('oidc-provider')
    await libraryContext.run('seen by the library', () => {
      expect(Provider.ctx).toBe('seen by the library')
      return Promise.resolve()
    })
  })
})
