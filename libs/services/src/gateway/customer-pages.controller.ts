import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpException,
  HttpStatus,
  Inject,
  Param,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { agreedChanges, consentScreen } from './consent-screen.ts';
import { CustomerLinks } from './customer-links.ts';
import { Intake } from './intake.ts';
import { pagePolicy } from './page.ts';

export interface LinkingOptions {
  /** Origins to which account linking may return, besides Meta's own: a simulated Meta's, in tests and the demonstration. */
  readonly returnOrigins: readonly string[];
  /** The Page of a tenant, whose thread a nonce link opens; null where it has none. */
  readonly pageOf: (tenantId: string) => string | null;
}

export const linkingOptions = Symbol('linking options');

const metaHosts = ['facebook.com', 'messenger.com'];
const formTargets = ['https://*.facebook.com', 'https://*.messenger.com', 'https://m.me'];

/** Where a bank has no Page, its customers are not led to another bank's. */
export const noMessenger = (): HttpException =>
  new HttpException('Messenger is not set up here.', HttpStatus.NOT_FOUND);

const gone = 'This link was used or has expired. Ask for a new one in your bank’s app.';

/**
 * The page behind a customer's link: says what would be sent to whom, and ties the messenger to the customer only when they
 * agree. Looking at it (GET) uses nothing up; agreeing (POST) uses the link up, once.
 */
@ApiExcludeController()
@Controller('c')
export class CustomerPagesController {
  constructor(
    @Inject(CustomerLinks) private readonly links: CustomerLinks,
    @Inject(Intake) private readonly intake: Intake,
    @Inject(linkingOptions) private readonly linking: LinkingOptions,
  ) {}

  @Get(':token')
  @Header('content-type', 'text/html; charset=utf-8')
  async show(
    @Param('token') token: string,
    @Query('redirect_uri') returnTo: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const checked = this.#checkedReturn(returnTo);
    await this.#pageFor(token);
    void reply.header('content-security-policy', pagePolicy([...formTargets, ...this.linking.returnOrigins]));
    return consentScreen(token, checked?.toString() ?? '');
  }

  @Post(':token')
  async agree(@Param('token') token: string, @Body() sent: unknown, @Res() reply: FastifyReply): Promise<void> {
    const form = typeof sent === 'object' && sent !== null ? (sent as Readonly<Record<string, unknown>>) : {};
    const returnTo = this.#checkedReturn(form['redirect_uri']);
    const pageId = await this.#pageFor(token);
    const bound = await this.links.use(token, 'messenger-link');
    if (bound === null) throw new HttpException(gone, HttpStatus.GONE);
    const code = await this.#agreed(form, bound).catch(async (error: unknown) => {
      await this.links.giveBack(token, bound).catch(() => undefined);
      throw error;
    });
    await reply.redirect(codeTo(returnTo, pageId, code), 302);
  }

  /** Looks at the link without using it up. */
  async #pageFor(token: string): Promise<string> {
    const bound = await this.links.look(token, 'messenger-link');
    if (bound === null) throw new HttpException(gone, HttpStatus.GONE);
    const pageId = this.linking.pageOf(bound.tenantId);
    if (pageId === null) throw noMessenger();
    return pageId;
  }

  async #agreed(
    form: Readonly<Record<string, unknown>>,
    { tenantId, customerId }: { readonly tenantId: string; readonly customerId: string },
  ): Promise<string> {
    const acceptedAt = this.intake.now();
    const id = `page/${randomUUID()}`;
    const changes = agreedChanges(form, { id, acceptedAt });
    await this.intake.consent({ type: 'consent', version: 1, id, tenantId, customerId, acceptedAt, changes });
    const { token } = await this.links.make({ tenantId, customerId, purpose: 'messenger-code' });
    return token;
  }

  /** Where Meta asked us to return to; anything but Meta's own hosts is refused, so that a code never goes elsewhere. */
  #checkedReturn(value: unknown): URL | null {
    if (value === undefined || value === '') return null;
    const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : null;
    if (url !== null && url.username === '' && url.password === '') {
      const metas = metaHosts.some((host) => url.host === host || url.host.endsWith(`.${host}`));
      if ((url.protocol === 'https:' && metas) || this.linking.returnOrigins.includes(url.origin)) return url;
    }
    throw new HttpException('redirect_uri is not one of Meta’s.', HttpStatus.BAD_REQUEST);
  }
}

/** Back to Meta where it brought the customer here, else into the Page's thread. */
function codeTo(returnTo: URL | null, pageId: string, code: string): string {
  if (returnTo === null) return `https://m.me/${encodeURIComponent(pageId)}?ref=${code}`;
  returnTo.searchParams.append('authorization_code', code);
  return returnTo.toString();
}
