import { byId, formatSize } from './dom.ts'
import type { Session } from './session.ts'

/** Store files as binaries under `files/` and their names. Answers with the last key. */
export async function storeFiles(session: Session, files: readonly File[]): Promise<string | undefined> {
  let last: string | undefined
  for (const file of files) {
    last = `files/${file.name}`
    const meta = { name: file.name, mediaType: file.type || 'application/octet-stream', size: file.size }
    const key = last
    await session.run('setBinary', (store) => store.setBinary(key, file, { meta }))
  }
  return last
}

/** Call `onFiles` with what is dropped on the page, or chosen. */
export function acceptFiles(onFiles: (files: readonly File[]) => void): void {
  const chooser = byId('files', HTMLInputElement)
  chooser.addEventListener('change', () => {
    onFiles([...(chooser.files ?? [])])
    chooser.value = ''
  })
  for (const type of ['dragenter', 'dragover']) {
    addEventListener(type, (event) => {
      event.preventDefault()
      document.body.classList.add('dropping')
    })
  }
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dropping')
  })
  addEventListener('drop', (event) => {
    event.preventDefault()
    document.body.classList.remove('dropping')
    const files = [...(event.dataTransfer?.files ?? [])]
    if (files.length > 0) onFiles(files)
  })
}

/** `2 files, 1.2 MB`. */
export function describeFiles(files: readonly File[]): string {
  const size = formatSize(files.reduce((sum, file) => sum + file.size, 0))
  return files.length === 1 ? `${files[0]!.name}, ${size}` : `${files.length} files, ${size}`
}
