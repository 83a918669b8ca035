import type { Plant } from './planted.ts'

/** What konserve's tiered store gets wrong, and each rule of ours taken away. */
export const plants: Readonly<Record<string, Plant>> = {
  'the front keeps a part of a value': {
    file: 'reading.ts',
    from: '{ base: entry.version }) : entry])',
    to: '{ base: entry.version }) : { ...entry, value: String(entry.value).slice(0, 1) }])',
  },
  'an update function runs for each tier': {
    file: 'through.ts',
    from: ': this.#written(name, next, call, told)',
    to: ': this.#written(name, change(next), call, told)',
  },
  'a value is shown by its key while it is being changed': {
    file: 'tier.ts',
    from: 'queue.isFree(name) && ',
    to: '',
    given: { isFrontLate: false },
  },
  'a value that is not believed is shown by its key': {
    file: 'tier.ts',
    from: 'front.believes(name, meta)',
    to: 'name !== undefined && meta !== undefined',
    given: { isFrontLate: false, faults: 4 },
  },
  'filling the front races writes': {
    file: 'tier.ts',
    from: 'queue.shared(names, call, () => reading.readMany(names, call))',
    to: 'reading.readMany(names, call)',
    given: { writePolicy: 'write-through', tells: 'nothing', faults: 0, isMixed: false },
  },
  'errors of writes behind are dropped, and the writes with them': {
    file: 'delivery.ts',
    from: 'this.#rows.postpone(job.row, error)',
    to: 'this.#rows.drop(job.row)',
  },
  'a write behind takes back what was written since': {
    file: 'delivery.ts',
    from: 'const ifVersion = entry.version',
    to: 'const ifVersion = undefined',
  },
  'the front keeps what was deleted': {
    file: 'through.ts',
    from: '([name, entry]) => this.#written(name, entry, call, told)',
    to: '([name, entry]) => entry && this.#written(name, entry, call, told)',
  },
  'a read that was overtaken is kept': {
    file: 'reading.ts',
    from: 'if (lease?.isOver) return',
    to: '',
    given: { writePolicy: 'write-through', isMixed: false, tells: 'all', faults: 0 },
  },
  'a page of the back that was overtaken is kept': {
    file: 'reading.ts',
    from: '!pass.isOver && !pass.changed.has(name)',
    to: 'name !== undefined',
    given: { faults: 0, kinds: ['get', 'set', 'delete', 'populate', 'populateAnew'] },
  },
  'a page of the back replaces what was sent there meanwhile': {
    file: 'delivery.ts',
    from: '    this.#options.onLanded(name)\n',
    to: '',
    given: { writePolicy: 'write-behind', faults: 0, kinds: ['get', 'set', 'populateAnew'] },
  },
  'a page of the back replaces what is in front alone': {
    file: 'reading.ts',
    from: '(isAnew && !isOwn(found[i].meta)))\n        const wanted',
    to: 'isAnew)\n        const wanted',
    given: { kinds: ['get', 'set', 'delete', 'populateAnew'] },
  },
  'a change elsewhere does not overtake reads': {
    file: 'tier.ts',
    from: 'reading.outdateBy(notice)\n    return',
    to: 'return',
  },
  'a change elsewhere is not forgotten in front': {
    file: 'tier.ts',
    from: ': front.forget(notice.name)',
    to: ': undefined',
  },
  'who wrote last is not asked once more': {
    file: 'through.ts',
    from: '(isCurrent() ? undefined : front.forget(name))',
    to: 'undefined',
    given: { writePolicy: 'write-through', isMixed: false, tells: 'all', isFrontLate: true, faults: 0 },
  },
  'who wrote last is not asked': {
    file: 'through.ts',
    from: 'told.of(name) <= 1',
    to: 'true',
  },
  'a write whose answer was lost did not happen': {
    file: 'through.ts',
    from: 'onFailure(() => task(told), forget)',
    to: 'task(told)',
    given: { writePolicy: 'write-through', isMixed: false, tells: 'answered', isNested: false, faults: 4 },
  },
  'a front that failed to forget is believed': {
    file: 'front.ts',
    from: '      (error) => {\n        this.#distrust(name)\n',
    to: '      (error) => {\n',
    given: { writePolicy: 'write-through', isMixed: false, tells: 'nothing', isNested: false, faults: 4 },
  },
  'misses are remembered for ever': {
    file: 'reading.ts',
    from: '    this.#context.misses.delete(name)\n',
    to: '',
  },
  'copies replace what waits, where the front is alone': {
    file: 'front.ts',
    from: '(meta) => isOwn(meta) || put()',
    to: '() => put()',
    given: { writePolicy: 'write-through', isMixed: true, isFrontLate: false, isFrontPersistent: false },
  },
  'copies replace what waits, where it is not': {
    file: 'front.ts',
    from: '(isOwn(found?.meta) ? found : copy)',
    to: '(found ? copy : copy)',
  },
  'what waits for the back is overtaken by what goes there at once': {
    file: 'through.ts',
    from: 'this.#outbox.drained(name, markOf(found[i]), call)',
    to: 'undefined',
  },
  'what may wait for the back is overtaken by what goes there at once': {
    file: 'outbox.ts',
    from: '    this.#rows.find(row, name)\n',
    to: '',
    given: {
      writePolicy: 'write-behind',
      isMixed: true,
      faults: 4,
      kinds: ['get', 'set', 'delete', 'update', 'setMany'],
    },
  },
  'an update of what is local starts from what is in the back': {
    file: 'through.ts',
    from: 'mine ? startingFrom(visible(mine), change) : change',
    to: 'change',
  },
  'an update that changes nothing lets the front forget what is its own': {
    file: 'through.ts',
    from: 'next === old ? this.#found(name, next, call, told) : ',
    to: '',
    given: { isMixed: true },
  },
  'what was deleted in front is listed': {
    file: 'listing.ts',
    from: '!own.gone.has(name) && ',
    to: '',
  },
  'what is in front alone is not listed': {
    file: 'listing.ts',
    from: '...back.names, ...own.shown',
    to: '...back.names',
  },
  'what may have been written in front is not looked for': {
    file: 'own-writes.ts',
    from: 'this.#outbox.refresh()',
    to: '',
  },
  'what waits for the back has to leave a full front': {
    file: 'bounded.ts',
    from: 'if (isOwn(entry.meta)) residents.pin(name)\n    else residents.unpin(name)',
    to: 'residents.unpin(name)',
    given: { isFrontLate: false, isFrontPersistent: false, maxEntries: 1 },
  },
  'what is not believed stands in the way of what is written': {
    file: 'own-writes.ts',
    from: '(there[i]?.version ?? null)',
    to: '(found[i]?.version ?? null)',
    given: { writePolicy: 'write-behind', isFrontPersistent: true, isMixed: false, faults: 4 },
  },
}
