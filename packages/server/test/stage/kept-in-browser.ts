/** What a page leaves behind in its browser, for tests that look for what must not be there. */

/** Everything that IndexedDB and the storages hold, as one text. */
export const KEPT_IN_BROWSER = `(async () => {
  const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)]
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    for (const store of database.objectStoreNames)
      found.push(JSON.stringify(await new Promise((resolve, reject) => {
        const request = database.transaction(store).objectStore(store).getAll()
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error)
      })))
    database.close()
  }
  return found.join('\\n')
})()`
