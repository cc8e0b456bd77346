/** One workspace's labelling in memory: products, groups and labels between calls. It notices itself when the database has moved on. */
import type { InputOf, OutputOf } from '../../../contract/call.ts';
import type { ReviewMember, reviewCalls } from '../../../contract/review.ts';
import type { Database } from '../../../store/database.ts';
import { briefLabels, changeMark, indexingNow, regionMark } from '../../../store/review.ts';
import { skus } from '../../../store/skus.ts';
import type { Workspace } from '../../../store/workspace.ts';
import { type Breathe, breather } from '../breathe.ts';
import { CANDIDATES, Labelled } from './labelled.ts';
import { compareBy, doubtOf, type Standing } from './order.ts';
import { type Products, productsMark, readProducts, requirePlace } from './products.ts';

type Calls = typeof reviewCalls;

const boards = new WeakMap<Workspace, ReviewBoard>();

/** The board of a workspace; it lives as long as the workspace is open. */
export function reviewBoard(workspace: Workspace): ReviewBoard {
  const known = boards.get(workspace);
  if (known !== undefined) return known;
  const board = new ReviewBoard(workspace.database);
  boards.set(workspace, board);
  return board;
}

interface State {
  readonly products: Products;
  readonly labelled: Labelled;
  readonly skuNames: ReadonlyMap<number, string>;
  readonly changeMark: string;
}

interface Held extends State {
  readonly productsMark: string;
  readonly regionMark: string;
}

export class ReviewBoard {
  readonly #database: Database;
  #held: Held | null = null;
  /** Calls wait for each other: two that brought the labels up to date at once would count them twice. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  async queue(input: Required<InputOf<Calls['review.queue']>>): Promise<OutputOf<Calls['review.queue']>> {
    const { products, labelled, skuNames, changeMark: mark } = await this.#present();
    const skipped = new Set<number>();
    for (const id of input.skip) {
      const place = products.placeOf.get(id);
      if (place !== undefined) skipped.add(products.groupOf[place]);
    }
    const reliability = products.calibration?.reliability ?? null;
    const standings: (Standing & { sku: number | undefined })[] = [];
    for (const [group, places] of products.groups.entries()) {
      const left = places.reduce((count, place) => count + (labelled.isOpen(place) ? 1 : 0), 0);
      if (left === 0) continue;
      const nearest = labelled.nearest(group);
      standings.push({
        group,
        left,
        doubt: doubtOf(nearest, reliability),
        skipped: skipped.has(group),
        sku: nearest[0]?.sku,
      });
    }
    standings.sort(compareBy(input.order));
    const left = standings.reduce((sum, standing) => sum + standing.left, 0);
    const answers = { named: 0, refused: 0 };
    for (const place of products.regions.keys()) {
      const label = labelled.label(place);
      if (label?.source !== 'knn') continue;
      if (label.verdict === 'sku') answers.named++;
      else answers.refused++;
    }
    return {
      mark,
      grouping: products.grouping,
      model: products.model,
      notIndexed: products.rowOf.reduce((count, row) => count + (row < 0 ? 1 : 0), 0),
      products: products.regions.length,
      labelled: products.regions.length - left,
      left,
      ...answers,
      groups: standings.slice(0, input.limit).map(({ group, left, doubt, sku }) => {
        const { id, photoId } = products.regions[labelled.typicalOpen(group)!];
        const size = products.groups[group].length;
        return { region: id, photoId, left, size, doubt, sku: sku === undefined ? null : (skuNames.get(sku) ?? null) };
      }),
      more: Math.max(0, standings.length - input.limit),
    };
  }

  async group({ region }: InputOf<Calls['review.group']>): Promise<OutputOf<Calls['review.group']>> {
    const state = await this.#present();
    const { products } = state;
    const places = products.groups[products.groupOf[requirePlace(products, region)]];
    const breathe = breather(undefined);
    const members: ReviewMember[] = [];
    for (const place of places) {
      await breathe();
      members.push(memberAt(state, place));
    }
    // Without vectors there is no typical one.
    const grouping = products.rowOf[places[0]] < 0 && products.grouping !== 'indexing' ? 'photo' : products.grouping;
    return { grouping, members };
  }

  /** The state of the database as it is now. */
  #present(): Promise<State> {
    const turn = this.#turn.then(() => this.#refresh(breather(undefined)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #refresh(breathe: Breathe): Promise<State> {
    const mark = changeMark(this.#database);
    const held = this.#held;
    if (held?.changeMark === mark) return held;
    const regions = regionMark(this.#database);
    // Groups that change under one's hands help nobody: while an index is being made they stay as they are.
    const keep = held !== null && held.regionMark === regions && indexingNow(this.#database);
    const wanted = keep ? held.productsMark : productsMark(this.#database);
    const same = held !== null && held.productsMark === wanted;
    // Not held while it is in the making: a failure half-way must not leave half a state behind.
    this.#held = null;
    const products = same ? held.products : await readProducts(this.#database, breathe);
    const labelled = same ? held.labelled : new Labelled(products);
    await labelled.update(briefLabels(this.#database), breathe);
    const skuNames = new Map(skus(this.#database).map(({ id, name }) => [id, name]));
    this.#held = { products, labelled, skuNames, productsMark: wanted, regionMark: regions, changeMark: mark };
    return this.#held;
  }
}

function memberAt({ products, labelled, skuNames }: State, place: number): ReviewMember {
  const { id, photoId, kind, x, y, width, height, photoWidth, photoHeight } = products.regions[place];
  const label = labelled.label(place);
  const answer = labelled.answer(place);
  const nameOf = (sku: number) => skuNames.get(sku)!;
  return {
    ...{ id, photoId, kind, x, y, width, height, photoWidth, photoHeight },
    label:
      label === undefined
        ? null
        : {
            verdict: label.verdict,
            sku: label.skuId === null ? null : nameOf(label.skuId),
            source: label.source,
            confidence: label.confidence,
          },
    candidates: (answer?.ranked ?? []).slice(0, CANDIDATES).map(({ label: sku, share, similarity }) => ({
      sku: nameOf(sku),
      share,
      similarity,
    })),
    confidence: answer === null || products.calibration === null ? null : answer.confidence,
    unknown: answer?.unknown ?? false,
    alike: answer !== null && answer.similarity >= products.unlike,
  };
}
