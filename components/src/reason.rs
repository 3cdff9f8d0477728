//! Reasons for which the program refuses a request, with status, code and sentence of each.
//!
//! Codes are a promise to clients and never change; sentences are for people and may.

use std::fmt;

/// Declares [`Reason`] from a table: variant, status, code, sentence.
macro_rules! reasons {
    ($($reason:ident $status:literal $code:literal $sentence:literal,)*) => {
        /// Reason for which a request is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $(
                #[doc = concat!(stringify!($status), " `", $code, "`: ", $sentence, ".")]
                $reason,
            )*
        }

        impl Reason {
            /// All reasons, by status and code.
            pub const ALL: &[Reason] = &[$(Reason::$reason),*];

            /// HTTP status of the answer.
            pub const fn status(self) -> u16 {
                match self { $(Reason::$reason => $status,)* }
            }

            /// Stable code in snake case, for programs.
            pub const fn code(self) -> &'static str {
                match self { $(Reason::$reason => $code,)* }
            }

            /// Sentence for people, unless the refusal has a more precise one.
            pub const fn sentence(self) -> &'static str {
                match self { $(Reason::$reason => $sentence,)* }
            }
        }
    };
}

reasons! {
    ChildLimitReached 400 "child_limit_reached" "the parent takes no more children",
    FailedToRead 400 "failed_to_read" "the form has no such part",
    InvalidActivityId 400 "invalid_activity_id" "not the id of anything",
    InvalidAsset3dUuid 400 "invalid_asset3d_uuid" "not the id of an asset",
    InvalidAsset2dId 400 "invalid_asset_2d_id" "not the id of anything",
    InvalidAsset3dId 400 "invalid_asset_3d_id" "not the id of anything",
    InvalidAttribute 400 "invalid_attribute" "no plugin declares this attribute",
    InvalidFormat 400 "invalid_format" "not a hash",
    InvalidGenerationId 400 "invalid_generation_id" "not the id of a generation",
    InvalidId 400 "invalid_id" "not the id of anything",
    InvalidNftId 400 "invalid_nft_id" "not a number of at most 128 bits",
    InvalidObjectId 400 "invalid_object_id" "not the id of anything",
    InvalidObjectTypeId 400 "invalid_object_type_id" "not the id of anything",
    InvalidPageSize 400 "invalid_page_size" "not a number of at least 0",
    InvalidParams 400 "invalid_params" "order is none of the fields",
    InvalidParentId 400 "invalid_parent_id" "not the id of anything",
    InvalidPluginAttribute 400 "invalid_plugin_attribute" "no plugin declares this attribute",
    InvalidPluginId 400 "invalid_plugin_id" "not the id of anything",
    InvalidQuery 400 "invalid_query" "the query does not make sense",
    InvalidRequestBody 400 "invalid_request_body" "the body does not make sense",
    InvalidRequestPath 400 "invalid_request_path" "the path is malformed",
    InvalidRequestQuery 400 "invalid_request_query" "the query does not make sense",
    InvalidSinceTime 400 "invalid_since_time" "not a time",
    InvalidSkyboxId 400 "invalid_skybox_id" "not the number of a job",
    InvalidStake 400 "invalid_stake" "this cannot be a stake",
    InvalidStartIndexNumber 400 "invalid_start_index_number" "not a number of at least 0",
    InvalidTargetId 400 "invalid_target_id" "not the id of anything",
    InvalidType 400 "invalid_type" "there is no such type",
    InvalidUserId 400 "invalid_user_id" "not the id of anything",
    InvalidWorldId 400 "invalid_world_id" "not the id of anything",
    ObjectTypeNotPermitted 400 "object_type_not_permitted" "the parent refuses this type",
    SignatureValidationFailed 400 "signature_validation_failed" "the signature is malformed",
    UnknownJob 400 "unknown_job" "the job is another one",
    UserNotAllowed 400 "user_not_allowed" "this user is not allowed here",
    WalletAlreadyExists 400 "wallet_already_exists" "this wallet belongs to an account",
    FailedToVerifyAccessToken 401 "failed_to_verify_access_token" "a valid token is required",
    UploadBlocked 403 "blocked" "an admin forbids this content",
    Forbidden 403 "forbidden" "the caller may not do this",
    GuestsNotPermitted 403 "guests_not_permitted" "the caller may not do this",
    InvalidOwnerToken 403 "invalid_owner_token" "the caller may not do this",
    InvalidSignature 403 "invalid_signature" "the caller may not do this",
    NotAdmin 403 "not_admin" "the caller may not do this",
    NotInWorld 403 "not_in_world" "the caller may not do this",
    NotYourWallet 403 "not_your_wallet" "the caller may not do this",
    ObjectCreationNotPermitted 403 "object_creation_not_permitted" "the caller may not do this",
    OperationNotPermitted 403 "operation_not_permitted" "the caller may not do this",
    SpawnQuotaReached 403 "spawn_quota_reached" "the caller may not do this",
    WebhookNotSigned 403 "webhook_not_signed" "the caller may not do this",
    ActivityNotFound 404 "activity_not_found" "there is no such thing",
    Asset3dNotRemoved 404 "asset3d_not_removed" "there is no such thing",
    Asset2dNotFound 404 "asset_2d_not_found" "there is no such thing",
    Asset3dNotFound 404 "asset_3d_not_found" "there is no such thing",
    AttributeNotFound 404 "attribute_not_found" "there is no such thing",
    AttributeValueNil 404 "attribute_value_nil" "there is no such thing",
    AttributeValueNotFound 404 "attribute_value_not_found" "there is no such thing",
    ChallengeNotFound 404 "challenge_not_found" "there is no such thing",
    EmptyOptions 404 "empty_options" "there is no such thing",
    EmptySubOptions 404 "empty_sub_options" "there is no such thing",
    FailedToGetAsset 404 "failed_to_get_asset" "there is no such asset",
    FailedToGetAudio 404 "failed_to_get_audio" "there is no such sound",
    FailedToGetImage 404 "failed_to_get_image" "there is no such picture",
    FailedToGetTexture 404 "failed_to_get_texture" "there is no such picture",
    FailedToGetVideo 404 "failed_to_get_video" "there is no such video",
    GenerationNotFound 404 "generation_not_found" "there is no such thing",
    ImageNotFound 404 "image_not_found" "there is no such thing",
    InvalidParam 404 "invalid_param" "there is no such thing",
    NodeAttributeNotFound 404 "node_attribute_not_found" "there is no such thing",
    NotConfigured 404 "not_configured" "there is no such thing",
    NotFound 404 "not_found" "there is no such thing",
    ObjectNotFound 404 "object_not_found" "there is no such thing",
    ParentNotFound 404 "parent_not_found" "there is no such thing",
    PluginNotFound 404 "plugin_not_found" "there is no such thing",
    ProfileNotFound 404 "profile_not_found" "there is no such thing",
    QuicNotAvailable 404 "quic_not_available" "this server does not do QUIC",
    RouteNotFound 404 "route_not_found" "there is nothing at this path",
    SkyboxNotFound 404 "skybox_not_found" "there is no such thing",
    UserANotFound 404 "user_a_not_found" "there is no such thing",
    UserAWorldNotFound 404 "user_a_world_not_found" "there is no such thing",
    UserBNotFound 404 "user_b_not_found" "there is no such thing",
    UserBWorldNotFound 404 "user_b_world_not_found" "there is no such thing",
    UserNotFound 404 "user_not_found" "there is no such thing",
    WalletNotFound 404 "wallet_not_found" "there is no such thing",
    WalletsNotFound 404 "wallets_not_found" "there is no such thing",
    WorldNotFound 404 "world_not_found" "there is no such thing",
    UploadTooSlow 408 "upload_too_slow" "the upload arrives too slowly",
    Conflict 409 "conflict" "the state of things forbids this",
    HashConflict 409 "hash_conflict" "other content has this name",
    InvalidWorldTemplate 409 "invalid_world_template" "the state of things forbids this",
    LastAdmin 409 "last_admin" "the state of things forbids this",
    LastWallet 409 "last_wallet" "the state of things forbids this",
    NoClaimOpen 409 "no_claim_open" "the state of things forbids this",
    PluginIsBuiltIn 409 "plugin_is_built_in" "the state of things forbids this",
    TooManyMembers 409 "too_many_members" "the state of things forbids this",
    TooManyPlugins 409 "too_many_plugins" "the state of things forbids this",
    TooManyUsers 409 "too_many_users" "the state of things forbids this",
    TooManyWishes 409 "too_many_wishes" "the state of things forbids this",
    WalletTaken 409 "wallet_already_exists" "the state of things forbids this",
    WorldHasAnotherOwner 409 "world_has_another_owner" "the state of things forbids this",
    RequestTooLarge 413 "request_too_large" "the request is larger than this endpoint takes",
    TooLarge 413 "too_large" "the content is larger than its kind may be",
    UnsupportedType 415 "unsupported_type" "this endpoint takes no such type",
    InvalidMedia 422 "invalid_media" "the content breaks a rule of its type",
    QuotaExceeded 429 "quota_exceeded" "the account has no room left",
    TooManyRequests 429 "too_many_requests" "too many requests from this address",
    MediaBlocked 451 "blocked" "an admin forbids this content",
    InternalError 500 "internal_error" "the server failed to answer this request",
    ProviderFailed 500 "provider_failed" "a third party failed to do its part",
    Busy 503 "busy" "too much work is waiting, try again soon",
    Unavailable 503 "unavailable" "the server cannot do this now, try again later",
    StorageFull 507 "storage_full" "there is no space left",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Reason;

    #[test]
    fn codes_are_snake_case_and_statuses_are_failures() {
        for reason in Reason::ALL {
            let snake =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(reason.code().bytes().all(snake), "{reason}");
            assert!((400..600).contains(&reason.status()), "{reason}");
            assert!(!reason.sentence().is_empty(), "{reason}");
        }
    }

    #[test]
    fn a_status_and_a_code_belong_to_one_reason() {
        let mut known = HashSet::new();
        for reason in Reason::ALL {
            assert!(known.insert((reason.status(), reason.code())), "{reason}");
        }
    }

    #[test]
    fn the_table_is_sorted_by_status_and_code() {
        let sorted = Reason::ALL.is_sorted_by_key(|reason| (reason.status(), reason.code()));
        assert!(sorted);
    }
}
