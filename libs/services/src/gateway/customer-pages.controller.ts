import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Header, HttpException, HttpStatus, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { ConsentChange, DataClass, Purpose } from '@tocsin/core';
import type { FastifyReply } from 'fastify';
import { CustomerLinks } from './customer-links.ts';
import { Intake } from './intake.ts';
import { page, text } from './page.ts';

/** What a customer is asked to allow on a messenger, with the words of the consent screen. */
const offered: readonly { readonly dataClass: DataClass; readonly says: string }[] = [
  { dataClass: 'existence', says: 'that something happened with your card or account' },
  { dataClass: 'amount', says: 'the amount' },
  { dataClass: 'merchant', says: 'the name of the shop' },
  { dataClass: 'time', says: 'the time' },
  { dataClass: 'last4', says: 'the last four digits of your card' },
];
const offeredPurposes: readonly Purpose[] = ['fraud-protection', 'security-notice', 'account-alert', 'service-reply'];
const textVersion = 'messenger-1';

export interface LinkingOptions {
  /** Hosts to which account linking may return. Meta's; more only in tests and the demo. */
  readonly returnHosts: readonly string[];
  /** The Page whose thread a nonce link opens. */
  readonly pageId: string | null;
}

export const linkingOptions = Symbol('linking options');

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
  @Header('cache-control', 'no-store')
  @Header('referrer-policy', 'no-referrer')
  show(@Param('token') token: string, @Query('redirect_uri') returnTo?: string): string {
    const classes = offered
      .map(
        ({ dataClass, says }) =>
          `<label><input type="checkbox" name="${dataClass}" value="on" checked${dataClass === 'existence' ? ' disabled' : ''}> ${text(says)}</label>`,
      )
      .join('');
    return page(
      'Alerts by Messenger',
      `<p>Your bank can send you alerts by Facebook Messenger. Meta, the company behind Messenger, then receives the content of each message at the moment it is sent. It may contain:</p>
      <form method="post" action="${text(encodeURIComponent(token))}">
        ${classes}
        <input type="hidden" name="redirect_uri" value="${text(returnTo ?? '')}">
        <p>Nothing else leaves, and it is used for nothing else. Write STOP in the chat, or untick this in your bank's app, to end it at once.</p>
        <button>Agree and connect</button>
      </form>`,
    );
  }

  @Post(':token')
  async agree(@Param('token') token: string, @Body() body: Record<string, string>, @Res() reply: FastifyReply): Promise<void> {
    const returnTo = this.#checkedReturn(body['redirect_uri']);
    const bound = await this.links.use(token, 'messenger-link');
    if (bound === null) {
      throw new HttpException('This link was used or has expired. Ask for a new one in your bank’s app.', HttpStatus.GONE);
    }
    const acceptedAt = this.intake.now();
    const id = `page/${randomUUID()}`;
    const agreed = offered.filter(({ dataClass }) => dataClass === 'existence' || body[dataClass] === 'on');
    const changes: ConsentChange[] = offeredPurposes.flatMap((purpose) =>
      agreed.map(({ dataClass }) => ({
        id: `${id}/${purpose}/${dataClass}`,
        channel: 'messenger',
        purpose,
        dataClass,
        action: 'grant',
        acceptedAt,
        actor: 'customer',
        source: 'page',
        textVersion,
        language: 'en',
      })),
    );
    const { tenantId, customerId } = bound;
    await this.intake.consent({ type: 'consent', version: 1, id, tenantId, customerId, acceptedAt, changes });
    const code = await this.links.make({ tenantId, customerId, purpose: 'messenger-code' });
    if (returnTo !== null) {
      returnTo.searchParams.append('authorization_code', code.token);
      await reply.redirect(returnTo.toString(), 302);
    } else if (this.linking.pageId !== null) {
      await reply.redirect(`https://m.me/${encodeURIComponent(this.linking.pageId)}?ref=${code.token}`, 302);
    } else {
      throw new HttpException('Messenger is not set up here.', HttpStatus.NOT_FOUND);
    }
  }

  /** Where Meta asked us to return to; anything but Meta's own hosts is refused, so that a code never goes elsewhere. */
  #checkedReturn(value: string | undefined): URL | null {
    if (value === undefined || value === '') return null;
    const url = URL.canParse(value) ? new URL(value) : null;
    const known = url !== null && this.linking.returnHosts.some((host) => url.host === host || url.host.endsWith(`.${host}`));
    if (!known) throw new HttpException('redirect_uri is not one of Meta’s.', HttpStatus.BAD_REQUEST);
    return url;
  }
}
