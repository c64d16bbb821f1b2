/**
 * What the SQL editor keeps in this browser: drafts and history, in IndexedDB, separately for each person and
 * workspace. If the browser provides no storage (a private window), everything works and nothing is kept.
 */
const DATABASE = 'lakegate-sql'
const VERSION = 1

export type StoreName = 'drafts' | 'history'

/** Every key begins with `owner`, so that nobody sees what another person left in the same browser. */
export interface OwnedRecord {
  readonly owner: string
}

let opening: Promise<IDBDatabase> | undefined

function openDatabase(): Promise<IDBDatabase> {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('drafts', { keyPath: ['owner', 'id'] })
      request.result.createObjectStore('history', { keyPath: ['owner', 'id'] })
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(toError(request.error))
    request.onblocked = () => reject(new Error('another tab holds an older version of the storage'))
  })
  return opening
}

const toError = (error: DOMException | null): Error => error ?? new Error('the storage did not answer')

const ofOwner = (owner: string): IDBKeyRange => IDBKeyRange.bound([owner], [owner, []])

async function within<Result>(
  name: StoreName,
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await openDatabase()
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(name, mode)
    const request = ask(transaction.objectStore(name))
    transaction.oncomplete = () => resolve(request.result)
    transaction.onerror = () => reject(toError(transaction.error))
    transaction.onabort = () => reject(toError(transaction.error))
  })
}

/** In the order of their ids. Empty when the browser stores nothing. */
export async function readOwned<Entry extends OwnedRecord>(
  name: StoreName,
  owner: string,
): Promise<readonly Entry[]> {
  return within(name, 'readonly', (store) => store.getAll(ofOwner(owner)) as IDBRequest<Entry[]>)
}

/** @param entry with a number as its `id` */
export const keep = (name: StoreName, entry: OwnedRecord): Promise<unknown> =>
  within(name, 'readwrite', (store) => store.put(entry))

export const forget = (name: StoreName, owner: string, id: number): Promise<unknown> =>
  within(name, 'readwrite', (store) => store.delete([owner, id]))

export const forgetAll = (name: StoreName, owner: string): Promise<unknown> =>
  within(name, 'readwrite', (store) => store.delete(ofOwner(owner)))

/** Deletes entries up to and including this id. */
export const forgetUpTo = (name: StoreName, owner: string, id: number): Promise<unknown> =>
  within(name, 'readwrite', (store) => store.delete(IDBKeyRange.bound([owner], [owner, id])))
